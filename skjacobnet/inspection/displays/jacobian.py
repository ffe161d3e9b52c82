"""Jacobian at one row: derivatives of the outputs with respect to the features."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.displays.drawing import DIVERGING, figure_and_axes
from skjacobnet.inspection.displays.names import (
    checked_names,
    name_columns,
    name_rows,
    wrapped,
)
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.displays.rows import (
    OUTPUTS,
    names_of_features,
    one_row,
    symmetric_limits,
)
from skjacobnet.inspection.output_columns import OutputColumns
from skjacobnet.inspection.pipelines import Route

# Few outputs need little height, which leaves room for longer names of features.
LONGEST_FEATURE = 20


class JacobianDisplay:
    r"""Jacobian of one row as a heat map.

    .. math:: J_{o,i} = \partial f_o(x) / \partial x_i

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    jacobian : array-like of shape (n_outputs, n_features)
        Derivative of each output with respect to each feature.
    label : str, default="derivative"
        Label of the color bar, with the unit.
    feature_names : sequence of str of length n_features, optional
        Names of the features. By default x0, x1 and so on.
    class_names : sequence of str of length n_outputs, optional
        Names of the outputs. By default 0, 1 and so on.
    kind : str, default="class"
        Kind of output, the label of the rows: class, target, level or column.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the heat map: outputs as rows, features as columns.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    SaliencyDisplay : One output, also as an image.

    Notes
    -----
    Where probabilities are differentiated, the numbers of a feature add up to zero over
    the classes. Features of unlike scales have derivatives of unlike scales; put a
    scaler before and give its result with ``model[-1]`` to compare them. Columns of
    categories have no derivative and are left out; see `category_contrasts`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = JacobianMLPClassifier((5,), max_iter=4, random_state=0)
    >>> display = JacobianDisplay.from_estimator(model.fit(X, y), X[:1])
    >>> display.jacobian.shape, display.feature_names[0]
    ((3, 4), 'sepal length (cm)')
    """

    def __init__(
        self,
        jacobian,
        *,
        label="derivative",
        feature_names=None,
        class_names=None,
        kind="class",
    ):
        self.jacobian = jacobian
        self.label = label
        self.feature_names = feature_names
        self.class_names = class_names
        self.kind = kind

    @classmethod
    def from_estimator(
        cls,
        estimator,
        x,
        *,
        output=None,
        feature_names=None,
        class_names=None,
        max_features=20,
        ax=None,
    ):
        """Differentiate the prediction for one row and draw the result.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator. The steps before the network must be affine, such as
            scalers and PCA.
        x : array-like of shape (n_features,) or (1, n_features), or a frame of one row
            One row, as passed to the pipeline.
        output : str, default=None
            Differentiated output. Of a classifier: ``"proba"``, the default, ``"raw"``
            or ``"log_proba"``. Of a regressor: ``"prediction"``, the default,
            ``"raw"``, ``"std"`` where the loss is ``"gaussian"``, or ``"quantiles"``
            where it is ``"quantile"``.
        feature_names : sequence of str of length n_features, optional
            Names of the features. By default those of the frame, or x0, x1 and so on.
        class_names : sequence of str of length n_outputs, optional
            Names of the outputs. By default those in ``classes_``. The one raw
            prediction of a binary problem is that of the second class. Of a regressor
            they are named as by `skjacobnet.inspection.sensitivity`.
        max_features : int >= 1, default=20
            Maximum number of features to draw.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        JacobianDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or a step before the network is not affine.
        ValueError
            If `x` is not one row with the right number of features, or `output`,
            `feature_names` or `class_names` do not fit.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        x = one_row(x)
        route = Route(estimator, x, output)
        kind, classes, _ = OutputColumns.of(route.model, route.output)
        if class_names is None:
            class_names = classes
        ((_, _, jacobian),) = route.jacobians()
        names = names_of_features(feature_names, route.names, route.n_features)
        moving = np.setdiff1d(np.arange(route.n_features), route.of_categories)
        return cls(
            jacobian[0][:, moving],
            label=f"change of the {OUTPUTS[route.output]} per unit of the feature",
            feature_names=[names[place] for place in moving],
            class_names=checked_names(class_names, route.n_outputs, "class_names"),
            kind=kind,
        ).plot(max_features=max_features, ax=ax)

    @replacing
    def plot(self, *, max_features=20, ax=None):
        """Draw the heat map, in place of an earlier one on the same Axes.

        Parameters
        ----------
        max_features : int >= 1, default=20
            Maximum number of features to draw: those with the largest derivatives, in
            their own order.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        JacobianDisplay
            This display.

        Raises
        ------
        TypeError, ValueError
            If `max_features` is not allowed, or names are missing.
        ImportError
            If matplotlib is not installed.
        """
        Interval(1, np.inf, "left", integer=True).check(max_features, "max_features")
        values = np.asarray(self.jacobian)
        n_outputs, n_features = values.shape
        features = names_of_features(self.feature_names, None, n_features)
        outputs = checked_names(self.class_names, n_outputs, "class_names", first=0)
        order = np.argsort(np.abs(values).max(axis=0), kind="stable")
        shown = np.sort(order[-max_features:])
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        image = self.ax_.imshow(
            values[:, shown],
            cmap=DIVERGING,
            aspect="auto",
            interpolation="nearest",
            **symmetric_limits(values),
        )
        self.figure_.colorbar(image, ax=self.ax_, label=wrapped(self.label))
        name_columns(
            self.ax_, [features[i] for i in shown], upright_letters=LONGEST_FEATURE
        )
        name_rows(self.ax_, outputs)
        self.ax_.set(
            xlabel="feature"
            if len(shown) == n_features
            else f"feature ({len(shown)} of {n_features}, the largest derivatives)",
            ylabel=self.kind,
        )
        return self
