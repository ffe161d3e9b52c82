"""Attributions of one row: saliency and shares of the prediction."""

import numpy as np

from skjacobnet.core.constraints import Interval, OneOf
from skjacobnet.inspection.chosen_output import (
    most_probable,
    target_columns,
    target_cotangent,
)
from skjacobnet.inspection.column_names import cell_text
from skjacobnet.inspection.coordinates import coordinates
from skjacobnet.inspection.displays.drawing import (
    COLORS,
    DIVERGING,
    SEQUENTIAL,
    figure_and_axes,
    fresh_scales,
    whole_numbers,
)
from skjacobnet.inspection.displays.names import (
    font_size,
    shortened,
    shortened_names,
    wrapped,
)
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.displays.rows import (
    OUTPUTS,
    checked_image_shape,
    names_of_features,
    one_row,
    symmetric_limits,
)
from skjacobnet.inspection.gradient_x_input import gradient_x_input
from skjacobnet.inspection.output_columns import OutputColumns
from skjacobnet.inspection.path_integrals import integrated_gradients
from skjacobnet.inspection.pipelines import Route, numbers
from skjacobnet.inspection.saliency import saliency

METHODS = {
    "saliency": saliency,
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": lambda *args, **options: (
        integrated_gradients(*args, **options).attributions
    ),
}


class SaliencyDisplay:
    """Attributions of the features of one row, as an image or as bars.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    attributions : array-like of shape (n_features,)
        Attribution of each feature.
    label : str, default="attribution"
        Label of the numbers, with their unit.
    x : array-like of shape (n_features,), optional
        Row that is explained; in an image a line marks half of its range.
    image_shape : (int, int), optional
        Height and width of an image whose pixels are the features, row by row. Without
        it there is a bar for each feature.
    feature_names : sequence of str of length n_features, optional
        Names beside the bars. By default x0, x1 and so on.
    title : str, default=""
        Title of the plot.
    draw_zeros : bool, default=True
        Whether features with an attribution of zero have a bar, too.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    JacobianDisplay : Derivatives of every output for one row.

    Notes
    -----
    Integrated gradients start from zero unless there is a `baseline`. Zero is seldom a
    likely row; the means of the training rows often are. Of an estimator with an
    `encoding` they start from the mean encoded row of the fit, bars are labeled
    ``name = value``, the title has the predictions at both ends, and features
    without any share are left out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = JacobianMLPClassifier((5,), encoding=None, max_iter=4, random_state=0)
    >>> display = SaliencyDisplay.from_estimator(model.fit(X, y), X[:1], target=2)
    >>> display.label
    '|change of the probability of 2| per unit of the feature'
    """

    def __init__(
        self,
        attributions,
        *,
        label="attribution",
        x=None,
        image_shape=None,
        feature_names=None,
        title="",
        draw_zeros=True,
    ):
        self.attributions = attributions
        self.label = label
        self.x = x
        self.image_shape = image_shape
        self.feature_names = feature_names
        self.title = title
        self.draw_zeros = draw_zeros

    @classmethod
    def from_estimator(
        cls,
        estimator,
        x,
        *,
        method="auto",
        target=None,
        output=None,
        baseline=None,
        image_shape=None,
        feature_names=None,
        max_features=20,
        ax=None,
    ):
        """Compute the attributions of one row and draw them.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator. The steps before the network must be affine, such as
            scalers and PCA.
        x : array-like of shape (n_features,) or (1, n_features), or a frame of one row
            One row, as passed to the pipeline.
        method : {"auto", "saliency", "gradient_x_input", "integrated_gradients"}, \
default="auto"
            Function of `skjacobnet.inspection`. ``"auto"`` is saliency, and for an
            estimator with an `encoding`, whose columns have no common unit, integrated
            gradients.
        target : class or int, default=None
            Explained class, or number of a label. None is the most probable one. Of a
            regressor the number of a column of the output; None is its only one.
        output : str, default=None
            Explained output. Of a classifier: ``"proba"``, the default, ``"raw"`` or
            ``"log_proba"``. Of a regressor: ``"prediction"``, the default, ``"raw"``,
            ``"std"`` where the loss is ``"gaussian"``, or ``"quantiles"`` where it is
            ``"quantile"``.
        baseline : array-like of shape (n_features,), or frame of one row, optional
            Start of integrated gradients. By default zeros; with an `encoding` the mean
            encoded row of the fit.
        image_shape : (int, int), optional
            Height and width, in pixels, of an image whose pixels are the features.
        feature_names : sequence of str of length n_features, optional
            Names of the features. By default those of the frame, or x0, x1 and so on.
        max_features : int >= 1, default=20
            Maximum number of bars to draw.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        SaliencyDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or a step before the network is not affine.
        ValueError
            If `x` is not one row with the right number of features, or `method`,
            `target`, `output`, `baseline`, `image_shape` or `feature_names` do not fit.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        OneOf(*METHODS, "auto").check(method, "method")
        x = one_row(x)
        route = Route(estimator, x, output)
        if method == "auto":
            method = "integrated_gradients" if route.is_encoded else "saliency"
        n_features = route.n_features
        names = names_of_features(feature_names, route.names, n_features)
        if image_shape is not None:
            image_shape = checked_image_shape(image_shape, n_features)
        column, of = _chosen(route, target)
        target = OutputColumns.of(route.model, route.output).targets[column]
        options = {"target": target, "output": route.output}
        start = title = ""
        if method == "integrated_gradients":
            options["baseline"] = baseline
            start = f" from {_start(route, baseline)}"
        elif baseline is not None:
            raise ValueError(
                "baseline goes with method='integrated_gradients' only, got "
                f"method={method!r}."
            )
        values = np.asarray(METHODS[method](estimator, x, **options))[0]
        per = "per unit of the feature"
        if len(route.of_categories):
            per += ", or for another category"
        if route.is_encoded:
            for place in np.flatnonzero(values):
                text = cell_text(x, place, place in route.of_categories)
                names[place] += f" = {text}"
            if start:
                before, after = _ends(route, x, baseline, column)
                title = f"{of}: {before:.4g} at the baseline, {after:.4g} at this row"
        return cls(
            values,
            label=(
                f"|change of {of}| {per}"
                if method == "saliency"
                else f"share of {of} ({method.replace('_', ' ')}{start})"
            ),
            # Columns that the pipeline drops need not be numbers.
            x=None if image_shape is None else numbers(x)[0],
            image_shape=image_shape,
            feature_names=names,
            title=title,
            draw_zeros=not route.is_encoded,
        ).plot(max_features=max_features, ax=ax)

    @replacing
    def plot(self, *, max_features=20, ax=None):
        """Draw the attributions, in place of earlier ones on the same Axes.

        Parameters
        ----------
        max_features : int >= 1, default=20
            Maximum number of bars to draw: those of the largest magnitude.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        SaliencyDisplay
            This display.

        Raises
        ------
        TypeError, ValueError
            If `max_features` is not allowed, or `image_shape` does not fit.
        ImportError
            If matplotlib is not installed.
        """
        Interval(1, np.inf, "left", integer=True).check(max_features, "max_features")
        values = np.asarray(self.attributions)
        names = names_of_features(self.feature_names, None, len(values))
        x = None if self.x is None else np.asarray(self.x, float)
        if x is not None and x.shape != values.shape:
            raise ValueError(
                f"x must have the shape of the attributions, {values.shape}, got "
                f"{x.shape}."
            )
        if self.image_shape is None:
            self.figure_, self.ax_ = figure_and_axes(self, ax)
            fresh_scales(self.ax_)
            self._draw_bars(values, names, max_features)
        else:
            shape = checked_image_shape(self.image_shape, len(values))
            self.figure_, self.ax_ = figure_and_axes(self, ax)
            fresh_scales(self.ax_)
            self._draw_image(values, x, shape)
        return self

    def _draw_bars(self, values, names, max_features):
        # The largest come last, which is at the top.
        shown = np.argsort(np.abs(values), kind="stable")[-max_features:]
        if not self.draw_zeros:
            shown = shown[values[shown] != 0.0]
        positions = np.arange(len(shown))
        colors = np.where(values[shown] < 0.0, COLORS[1], COLORS[0])
        self.ax_.barh(positions, values[shown], color=colors)
        self.ax_.set_yticks(
            positions,
            shortened_names([names[i] for i in shown]),
            fontsize=font_size(max(1, len(shown))),
        )
        self.ax_.axvline(0.0, color="0.3", linewidth=0.8)
        self.ax_.margins(y=0.02)
        self.ax_.set_xlabel(wrapped(self.label))
        self.ax_.set_ylabel(
            "feature"
            if len(shown) == len(values)
            else f"feature ({len(shown)} largest of {len(values)})"
        )
        if self.title:
            self.ax_.set_title(wrapped(self.title), fontsize="medium")
        self.ax_.xaxis.get_major_locator().set_params(nbins=6)

    def _draw_image(self, values, x, shape):
        signed = values.min() < 0.0
        image = self.ax_.imshow(
            values.reshape(shape),
            cmap=DIVERGING if signed else SEQUENTIAL,
            aspect="equal" if min(shape) > 1 else "auto",
            **(symmetric_limits(values) if signed else {"vmin": 0.0}),
        )
        self.figure_.colorbar(image, ax=self.ax_, label=wrapped(self.label))
        self.ax_.set(xlabel="pixel column", ylabel="pixel row")
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            whole_numbers(axis)
        if x is not None and x.min() < x.max() and min(shape) > 1:
            self.ax_.contour(
                x.reshape(shape),
                levels=[(x.min() + x.max()) / 2.0],
                colors="black" if signed else "white",
                linewidths=1.5,
            )
            self.ax_.set_title("line: input at half of its range", fontsize="medium")


def _chosen(route, target):
    """Return the column to look at, by default the usual one, and what it is called."""
    kind, names, targets = OutputColumns.of(route.model, route.output)
    columns = target_columns(route.model, route.output, target, 1)
    if columns is None:
        columns = most_probable(route.model, route.model.raw(route.inputs))
    (column,) = columns
    what = f"the {OUTPUTS[route.output]}"
    if kind == "class":
        what += f" of {shortened(str(targets[column]))}"
    elif kind != "output":
        what += f" of {kind} {names[column]}"
    return column, what


def _start(route, baseline):
    """Return the name of the baseline of integrated gradients."""
    if baseline is not None:
        return "the baseline"
    return "the mean encoded row" if route.is_encoded else "zero"


def _ends(route, x, baseline, column):
    """Return the output at the baseline and at the row, both encoded."""
    space = coordinates(route, x, baseline)
    model, row = space.model.astype(np.float64), slice(0, 1)
    picked = target_cotangent(model, np.array([column]), space.output)
    return [
        np.vecdot(model.link.value(model.raw(inputs), space.output), picked)[0]
        for inputs in (space.baseline_inputs(row), space.inputs(row))
    ]
