"""Prediction intervals against the truth, and their coverage."""

import numpy as np
from scipy.special import ndtri
from sklearn.utils import check_consistent_length

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.chosen_output import target_columns
from skjacobnet.inspection.displays.drawing import (
    COLORS,
    figure_and_axes,
    legend_above,
)
from skjacobnet.inspection.displays.names import thinned
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.output_columns import has_classes
from skjacobnet.inspection.pipelines import steps_and_network, transformed

# By place inside the interval: color, marker, and size of the marker in points.
STYLES = {True: (COLORS[0], "o", 5.0), False: (COLORS[1], "X", 6.5)}
NEEDS = (
    "Intervals need a regressor fitted with loss='gaussian', or with loss='quantile' "
    "and at least two levels, such as Quantile((0.05, 0.5, 0.95))"
)


class PredictionIntervalDisplay:
    r"""Prediction intervals of each row against the truth, and their coverage.

    .. math:: c = \frac{1}{n} \sum_s [l_s \le y_s \le u_s]

    is the share of rows whose truth y is between the lower end l and the upper end u
    of their interval. Where intervals are right, it is close to their level.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    prediction, truth, lower, upper : array-like of shape (n_samples,)
        Predictions, true targets, and lower and upper ends of the intervals, in the
        unit of the target.
    level : float in (0, 1), optional
        Nominal coverage.

    Attributes
    ----------
    coverage : float
        Share c of covered rows, between 0 and 1.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.JacobianMLPRegressor : Its losses ``"gaussian"`` and ``"quantile"`` give
        intervals.

    Notes
    -----
    The rows should be ones that the estimator was not fitted on; intervals of training
    rows often cover more than those of others.

    A prediction is on the dashed line where it equals the truth. The truth is inside
    the interval where the vertical bar crosses that line.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skjacobnet import JacobianMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = JacobianMLPRegressor(
    ...     (5,), loss="gaussian", max_iter=20, random_state=0
    ... )
    >>> model = model.fit(X[:300], y[:300])
    >>> display = PredictionIntervalDisplay.from_estimator(model, X[300:], y[300:])
    >>> display.level, 0.8 < display.coverage < 1.0
    (0.9, True)
    """

    def __init__(self, prediction, truth, lower, upper, *, level=None):
        self.prediction = prediction
        self.truth = truth
        self.lower = lower
        self.upper = upper
        self.level = level

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, level=0.9, target=None, max_rows=200, ax=None
    ):
        r"""Predict intervals and draw them.

        With ``loss="gaussian"`` they are :math:`\mu \pm z \sigma`, where z is the
        quantile of the standard normal distribution for (1 + level) / 2. With
        ``loss="quantile"`` they go from the lowest level to the highest.

        Parameters
        ----------
        estimator : JacobianMLPRegressor or Pipeline
            Estimator fitted with one of these two losses. The steps before the network
            may be any.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows, as passed to the pipeline.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True targets.
        level : float in (0, 1), default=0.9
            Nominal coverage of ``loss="gaussian"``. That of ``loss="quantile"`` is the
            difference of its highest and its lowest level, whatever is given here.
        target : int, default=None
            Number of the target, counted from 0. None is the only one.
        max_rows : int >= 1, default=200
            Maximum number of rows to draw.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        PredictionIntervalDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or a number is none.
        ValueError
            If the loss has no intervals, `X` or `y` does not fit, or `level`, `target`
            or `max_rows` is not allowed.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        Interval(0, 1, "neither").check(level, "level")
        steps, network = steps_and_network(estimator)
        model = network.model_
        _check_intervals(network)
        X = transformed(steps, X)
        check_consistent_length(X, y)
        truth = model.task.codes(y)
        rows = np.arange(len(truth))
        chosen = rows, target_columns(model, "prediction", target, len(rows))

        def of_target(values):
            return values.reshape(*truth.shape, -1)[chosen]

        if "std" in model.task.outputs:
            prediction, std = map(of_target, network.predict(X, return_std=True))
            prediction, half = prediction[:, 0], ndtri((1.0 + level) / 2.0) * std[:, 0]
            lower, upper = prediction - half, prediction + half
        else:
            levels = model.link.levels
            # 0.95 - 0.05 differs from 0.9 in the last digit.
            level = round(levels[-1] - levels[0], 12)
            prediction = of_target(network.predict(X))[:, 0]
            quantiles = of_target(network.predict_quantiles(X))
            lower, upper = quantiles[:, 0], quantiles[:, -1]
        return cls(prediction, truth[chosen], lower, upper, level=level).plot(
            max_rows=max_rows, ax=ax
        )

    @property
    def coverage(self):
        """Share of rows with the truth inside their interval."""
        return float(np.mean(self._inside()))

    @replacing
    def plot(self, *, max_rows=200, ax=None):
        """Draw the intervals, in place of earlier ones on the same Axes.

        Parameters
        ----------
        max_rows : int >= 1, default=200
            Maximum number of rows to draw: every second or third one, and so on. The
            coverage is that of all rows.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        PredictionIntervalDisplay
            This display.

        Raises
        ------
        TypeError, ValueError
            If `max_rows` is not allowed, there is no row, or there is not one number of
            each kind for each row.
        ImportError
            If matplotlib is not installed.
        """
        Interval(1, np.inf, "left", integer=True).check(max_rows, "max_rows")
        inside, n_samples = self._inside(), len(self.truth)
        shown = np.array(thinned(n_samples, max_rows))
        truth, prediction, lower, upper = (values[shown] for values in self._numbers())
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        # So many rows lie beside one another in a small figure without a gap.
        size = min(1.0, np.sqrt(60.0 / len(shown)))
        handles = []
        for is_inside, (color, marker, points) in STYLES.items():
            which = inside[shown] == is_inside
            share = np.mean(inside == is_inside)
            self.ax_.vlines(
                truth[which],
                lower[which],
                upper[which],
                color=color,
                alpha=0.4,
                linewidth=2.0 * size,
            )
            handles += self.ax_.plot(
                truth[which],
                prediction[which],
                color=color,
                marker=marker,
                markersize=max(points * size, 2.5),
                markeredgewidth=0.0,
                linestyle="",
                label=f"truth {'in' if is_inside else 'out'}side, {_percent(share)}",
            )
        middle = float(np.median(truth))
        # Above the bars, or it would be lost where they are many.
        handles.append(
            self.ax_.axline(
                (middle, middle),
                slope=1.0,
                color="black",
                linestyle="--",
                linewidth=1.0,
                zorder=3,
                label="prediction = truth",
            )
        )
        some = "" if len(shown) == n_samples else f" ({len(shown)} of {n_samples} rows)"
        self.ax_.set(xlabel=f"truth{some}", ylabel="prediction with interval")
        self.ax_.xaxis.get_major_locator().set_params(nbins=6)
        legend_above(self.ax_, handles)
        nominal = "" if self.level is None else f" of {_percent(self.level)}"
        self.ax_.get_legend().set_title(f"coverage {_percent(self.coverage)}{nominal}")
        return self

    def _numbers(self):
        """Return truth, prediction, lower and upper ends as arrays, checked."""
        names = "truth", "prediction", "lower", "upper"
        arrays = [np.asarray(getattr(self, name)) for name in names]
        shapes = {array.shape for array in arrays}
        if len(shapes) > 1 or arrays[0].ndim != 1 or not len(arrays[0]):
            raise ValueError(
                "truth, prediction, lower and upper must have one number each for "
                f"every row, got the shapes {[array.shape for array in arrays]}."
            )
        return arrays

    def _inside(self):
        truth, _, lower, upper = self._numbers()
        return (lower <= truth) & (truth <= upper)


def _check_intervals(network):
    """Raise a ValueError for an estimator whose loss has no intervals."""
    model = network.model_
    if has_classes(model):
        raise ValueError(f"{NEEDS}, got a {type(network).__name__}.")
    n_levels = len(getattr(model.link, "levels", ()))
    if "std" not in model.task.outputs and n_levels < 2:
        raise ValueError(f"{NEEDS}, got loss={model.loss!r}.")


def _percent(share):
    return f"{round(100.0 * share, 1):g} %"
