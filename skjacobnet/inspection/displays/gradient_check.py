"""Gradient check: exact derivatives against finite differences."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.displays.drawing import SEQUENTIAL, figure_and_axes
from skjacobnet.inspection.displays.names import shortened
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.pipelines import steps_and_network, transformed
from skjacobnet.layers import LAYERS
from skjacobnet.testing.estimators import weight_derivatives
from skjacobnet.testing.finite_differences import empirical_jacobian
from skjacobnet.testing.inputs import draw_weights


class GradientCheckDisplay:
    r"""Exact derivatives against central differences, one point for each.

    All points are on the diagonal where the derivatives are right. The title says by
    how much the worst one misses it,

    .. math:: \max_i |e_i - m_i| / \max_i |m_i|,

    with exact derivatives e and measured ones m; central differences in float64 are
    good for about 1e-9.

    Make one with `from_estimator` or `from_layer`; the constructor takes the numbers
    themselves.

    Parameters
    ----------
    exact, empirical : array-like of the same shape
        Derivatives, exact and by finite differences.
    label : str, default=""
        Name of the differentiated function.

    Attributes
    ----------
    largest_error : float
        Relative error in the title, dimensionless.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.testing.check_gradients : Fails where these differ.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((5,), "tanh", encoding=None, max_iter=4)
    >>> display = GradientCheckDisplay.from_estimator(model.fit(X, y), X, y)
    >>> len(display.exact), display.largest_error < 1e-6
    (43, True)
    """

    def __init__(self, exact, empirical, *, label=""):
        self.exact = exact
        self.empirical = empirical
        self.label = label

    @classmethod
    def from_estimator(cls, estimator, X, y, *, n_weights=200, ax=None):
        """Measure the gradient of the objective for the weights and draw it.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator. The objective has its loss and all its regularizers.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows, as passed to the pipeline. At most 50 are used, those near a kink of
            an activation are not, and each column of the inputs of the network is
            divided by its largest entry, as in `skjacobnet.testing.check_gradients`.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            Targets of these rows: classes, labels or numbers.
        n_weights : int >= 1, default=200
            Maximum number of weights to check, drawn at random.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        GradientCheckDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or `n_weights` is no integer.
        ValueError
            If `X` or `y` does not fit, `n_weights` is not allowed, or every row is near
            a kink.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        Interval(1, np.inf, "left", integer=True).check(n_weights, "n_weights")
        steps, network = steps_and_network(estimator)
        X = transformed(steps, X)
        found = weight_derivatives(network, X, y, n_weights=n_weights)
        return cls(
            found.gradient[found.indices],
            found.empirical,
            label="the objective",
        ).plot(ax=ax)

    @classmethod
    def from_layer(cls, layer, x, *, random_state=0, ax=None):
        """Measure the Jacobian of one layer and draw it.

        Parameters
        ----------
        layer : Layer or str
            Layer to check, at initial weights that are moved a little.
        x : array-like of shape (n_samples, n_in)
            Inputs away from the kinks of the layer.
        random_state : int, default=0
            Seed of the weights.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        GradientCheckDisplay

        Raises
        ------
        ValueError
            If `x` is not two-dimensional.
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> from skjacobnet.layers import Tanh
        >>> display = GradientCheckDisplay.from_layer(Tanh(), [[-0.5, 0.0, 2.0]])
        >>> display.exact.round(3)
        array([[[0.786, 0.   , 0.   ],
                [0.   , 1.   , 0.   ],
                [0.   , 0.   , 0.071]]])
        """
        layer = LAYERS.resolve(layer, "layer")
        x = np.asarray(x, np.float64)
        if x.ndim != 2:
            raise ValueError(f"x must have the shape (n_samples, n_in), got {x.shape}.")
        weights = draw_weights(layer, x, np.random.default_rng(random_state))
        _, operator = layer.linearize(weights, x)
        return cls(
            operator.todense(len(x)),
            empirical_jacobian(lambda inputs: layer.forward(weights, inputs), x),
            label=f"an output of {shortened(type(layer).__name__)}",
        ).plot(ax=ax)

    @property
    def largest_error(self):
        """Largest difference, relative to the largest measured derivative."""
        exact, empirical = np.asarray(self.exact), np.asarray(self.empirical)
        difference = np.max(np.abs(exact - empirical))
        largest = np.max(np.abs(empirical))
        if largest == 0.0:  # nothing but zeros was measured
            return 0.0 if difference == 0.0 else np.inf
        return float(difference / largest)

    @replacing
    def plot(self, *, ax=None):
        """Draw the derivatives, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        GradientCheckDisplay
            This display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        exact, empirical = np.ravel(self.exact), np.ravel(self.empirical)
        if exact.shape != empirical.shape or not exact.size:
            raise ValueError(
                "exact and empirical must have one number each for every derivative, "
                f"got {exact.size} and {empirical.size}."
            )
        if not np.isfinite([exact, empirical]).all():
            raise ValueError("exact and empirical must be finite, got NaN or infinity.")
        # No difference at all would be nowhere on a logarithmic scale of colors.
        size = float(np.max(np.abs(empirical))) or 1.0
        errors = np.maximum(np.abs(exact - empirical), np.finfo(float).eps * size)
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        self.ax_.axline((0.0, 0.0), slope=1.0, color="0.6", linewidth=1.0, zorder=0)
        points = self.ax_.scatter(
            empirical, exact, c=errors, norm=_decades(errors), cmap=SEQUENTIAL, s=18
        )
        self.figure_.colorbar(points, ax=self.ax_, label="absolute difference")
        self.ax_.set(xlabel="empirical (by differences)", ylabel="exact (by formula)")
        self.ax_.set_title(
            f"{len(exact)} derivatives{f' of {self.label}' if self.label else ''},\n"
            f"largest relative error {self.largest_error:.1e}",
            fontsize="medium",
        )
        self.ax_.xaxis.get_major_locator().set_params(nbins=6)
        return self


def _decades(errors):
    """Return a logarithmic scale of colors over at least one decade."""
    from matplotlib.colors import LogNorm

    return LogNorm(errors.min(), max(errors.max(), 10.0 * errors.min()))
