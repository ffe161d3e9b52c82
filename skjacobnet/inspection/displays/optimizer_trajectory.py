"""Paths of optimizers on a function of two variables."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.displays.drawing import (
    draw_line,
    figure_and_panels,
    fresh_scales,
    legend_above,
    legend_outside,
    line_styles,
    log_ticks,
    whole_numbers,
)
from skjacobnet.inspection.displays.named_components import named_components
from skjacobnet.inspection.displays.names import (
    LONGEST_LINE,
    checked_names,
    cut,
    shortened,
)
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.optimizers import surface_of, trajectory
from skjacobnet.optimizers import OPTIMIZERS

# Where to start on each named surface, and the window to look through.
VIEWS = {
    "bowl": ((-4.0, 1.0), ((-5.0, 2.0), (-1.4, 1.4))),
    "rosenbrock": ((-1.2, 1.0), ((-1.8, 1.8), (-0.8, 2.4))),
    "beale": ((1.0, 1.0), ((-0.5, 4.0), (-1.0, 1.5))),
    "saddle": ((-1.0, 0.01), ((-1.3, 1.3), (-1.3, 1.3))),
}

# The learning rates among which each optimizer has the best one.
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0)


class OptimizerTrajectoryDisplay:
    """Paths of optimizers on a function of two variables, and its value at each step.

    The paths are drawn on a map of contour lines; beside it is the value against the
    step.

    Make one with `from_optimizers`; the constructor takes the numbers themselves.

    Parameters
    ----------
    paths : sequence of array-like of shape (n_points, 2)
        Points of each path, the start first, as `skjacobnet.inspection.trajectory`
        returns them.
    surface : str or Surface
        Function of two variables that is minimized.
    window : ((float, float), (float, float))
        Drawn ranges of the two variables.
    names : sequence of str, optional
        Names of the paths. By default they are numbered.

    Attributes
    ----------
    ax_ : array of two matplotlib Axes
        Axes of the map, and of the value against the step.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.inspection.trajectory : Computation of the numbers.
    OptimizerResponseDisplay : Impulse responses of optimizers.

    Notes
    -----
    Values are drawn above the minimum and on a logarithmic scale; where the surface has
    no minimum, or no slope, the scale is linear. Around a minimum each contour line is
    four times as high above it as the one before; without one, heights are evenly
    spaced. A path that ends outside the window is said
    to leave it.

    Examples
    --------
    >>> display = OptimizerTrajectoryDisplay.from_optimizers(
    ...     ["momentum", "adam"], "bowl", learning_rates=[0.005, 0.1], n_steps=50
    ... )
    >>> display.names
    ['momentum, rate 0.005', 'adam, rate 0.1']
    """

    def __init__(self, paths, surface, window, *, names=None):
        self.paths = paths
        self.surface = surface
        self.window = window
        self.names = names

    @classmethod
    def from_optimizers(
        cls,
        optimizers,
        surface="rosenbrock",
        *,
        start=None,
        n_steps=200,
        learning_rates=None,
        window=None,
        names=None,
        ax=None,
    ):
        """Run optimizers on a surface and draw their paths.

        Parameters
        ----------
        optimizers : sequence of str, Optimizer or FullBatchOptimizer
            Optimizers to compare. One may stand alone.
        surface : {"rosenbrock", "bowl", "beale", "saddle"} or Surface, \
default="rosenbrock"
            Surface, as in `skjacobnet.inspection.trajectory`.
        start : array-like of shape (2,), optional
            First point. Needed for a custom surface; the others have one.
        n_steps : int >= 0, default=200
            Number of steps; for L-BFGS, maximum number of iterations.
        learning_rates : float > 0, or a sequence of one for each optimizer, optional
            Learning rates. By default each optimizer has, of 1e-4, 3e-4, 1e-3 and so on
            up to 10, the one with the lowest mean value on its path; where the surface
            has no minimum, its default. L-BFGS has none.
        window : ((float, float), (float, float)), optional
            Drawn ranges of the two variables. Needed for a custom surface; the others
            have one.
        names : sequence of str, optional
            Names of the paths. By default the chosen names, or the ``repr`` of
            instances, and the learning rates.
        ax : matplotlib Axes, or two of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        OptimizerTrajectoryDisplay

        Raises
        ------
        TypeError
            If an optimizer is neither a name nor an instance, or a number is none.
        ValueError
            If there is no optimizer or none of that name, no such surface, or another
            argument does not fit.
        ImportError
            If matplotlib is not installed.
        """
        Interval(0, np.inf, "left", integer=True).check(n_steps, "n_steps")
        ground = surface_of(surface)
        start, window = _view(surface, start, window)
        given = names
        names, rules = named_components(optimizers, OPTIMIZERS, names)
        rates = _one_each(learning_rates, len(rules))
        paths = []
        for number, (rule, rate) in enumerate(zip(rules, rates, strict=True)):
            if rule.default_learning_rate is None:
                rate = None
            elif rate is None:
                rate = _best_rate(rule, ground, start, n_steps)
            paths.append(trajectory(rule, ground, start, n_steps, rate)[0])
            if given is None and rate is not None:
                names[number] = f"{cut(names[number], 20)}, rate {rate:g}"
        return cls(paths, surface, window, names=names).plot(ax=ax)

    @replacing
    def plot(self, *, ax=None):
        """Draw the paths, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, or two of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        OptimizerTrajectoryDisplay
            This display.

        Raises
        ------
        ValueError
            If there is no path or no such surface, not a name for each path, or
            `window` does not fit.
        ImportError
            If matplotlib is not installed.
        """
        n_paths = len(self.paths)
        if not n_paths:
            raise ValueError("paths must have at least one path, got none.")
        names = checked_names(self.names, n_paths, "names")
        surface = surface_of(self.surface)
        low, high = np.transpose(_checked_window(self.window))
        self.figure_, self.ax_ = figure_and_panels(self, ax, 2, 2, figsize=(9.6, 4.8))
        above, values_ax = self.ax_
        fresh_scales(above)
        fresh_scales(values_ax)
        heights = self._draw_contours(above, surface)
        bottom = _bottom(surface, heights)
        lines = []
        for path, name, style in zip(self.paths, names, line_styles(), strict=False):
            path, name = np.asarray(path, float), shortened(name, LONGEST_LINE)
            stays = np.all((path[-1] >= low) & (path[-1] <= high))
            lines += above.plot(
                *path.T,
                marker=".",
                markersize=3,
                linewidth=1.2,
                label=name if stays else f"{name} (leaves)",
                **style,
            )
            above.plot(*path[-1], "o", color=style["color"], mec="black", zorder=3)
            with np.errstate(over="ignore", invalid="ignore"):
                values = surface.value(path)
                if bottom is not None:
                    # Zero has no place on a logarithmic scale.
                    values = np.where(values > bottom, values - bottom, np.nan)
            draw_line(values_ax, range(len(path)), values, linewidth=1.2, **style)
        lines.append(_mark(above, self.paths[0][0], "s", "start"))
        if surface.minimum is not None:
            lines.append(_mark(above, surface.minimum, "*", "minimum", markersize=11))
        lines += above.plot([], [], "o", color="0.8", mec="black", label="end")
        above.set(
            xlabel="x", ylabel="y", xlim=(low[0], high[0]), ylim=(low[1], high[1])
        )
        values_ax.set_xlabel("step")
        whole_numbers(values_ax.xaxis)
        if bottom is None:
            # Others may have run away.
            margin = 0.05 * np.ptp(heights) or 1.0
            values_ax.set_ylim(heights.min() - margin, heights.max() + margin)
            values_ax.set_ylabel("value")
        else:
            top = heights.max() - bottom
            values_ax.set(yscale="log", ylabel="value above the minimum")
            smallest = values_ax.dataLim.minposy
            values_ax.set_ylim(np.clip(0.5 * smallest, 1e-12 * top, 0.1 * top), top)
            log_ticks(values_ax.yaxis)
        if ax is None:
            legend_outside(self.figure_, lines)
        else:
            legend_above(above, lines)
        return self

    def _draw_contours(self, ax, surface):
        """Draw the contour lines and return the heights in the window."""
        x, y = (np.linspace(*limits, 400) for limits in self.window)
        heights = surface.value(np.stack(np.meshgrid(x, y), axis=-1))
        low, high = heights.min(), heights.max()
        if surface.minimum is None:
            levels = np.linspace(low, high, 16)[1:-1]
        else:
            bottom = surface.value(np.array(surface.minimum, float))
            levels = bottom + (high - bottom) * 4.0 ** np.arange(-6.0, 0.0)
        if low < high:
            ax.contour(
                x,
                y,
                heights,
                levels=levels,
                colors="0.75",
                linestyles="solid",
                linewidths=0.8,
                zorder=0,
            )
        return heights


def _mark(ax, point, marker, label, **style):
    """Draw a black marker on the map and return it."""
    (line,) = ax.plot(
        *point, marker, color="black", mec="white", label=label, zorder=4, **style
    )
    return line


def _bottom(surface, heights):
    """Return the value at the minimum, None where there is none or all is flat."""
    if surface.minimum is None or heights.min() == heights.max():
        return None
    return float(surface.value(np.array(surface.minimum, float)))


def _view(surface, start, window):
    """Return the start and the window, those of a named surface where none is given."""
    named = VIEWS.get(surface) if isinstance(surface, str) else None
    for value, name, example in (
        (start, "start", "(0.0, 1.0)"),
        (window, "window", "((-1.0, 1.0), (-1.0, 1.0))"),
    ):
        if value is None and named is None:
            raise ValueError(
                f"A custom surface needs a {name}, got None. Give for example "
                f"{name}={example}."
            )
    start = np.array(named[0] if start is None else start, float)
    if start.shape != (2,) or not np.all(np.isfinite(start)):
        raise ValueError(f"start must be two finite numbers, got {start.tolist()}.")
    if window is None:
        # A start elsewhere is shown as well.
        low, high = np.transpose(named[1])
        margin = 0.1 * (high - low)
        low, high = np.minimum(low, start - margin), np.maximum(high, start + margin)
        window = low, high
        return start, np.transpose(window)
    return start, _checked_window(window)


def _checked_window(window):
    window = np.array(window, float)
    if window.shape != (2, 2) or not np.all(
        (window[:, 0] < window[:, 1]) & np.isfinite(window).all(axis=1)
    ):
        raise ValueError(
            "window must be ((x_low, x_high), (y_low, y_high)), finite and each low "
            f"below its high, got {window.tolist()}."
        )
    return window


def _one_each(learning_rates, n_optimizers):
    """Return one learning rate for each optimizer, or None for each."""
    if not np.iterable(learning_rates) or isinstance(learning_rates, str):
        learning_rates = [learning_rates] * n_optimizers
    rates = list(learning_rates)
    if len(rates) != n_optimizers:
        raise ValueError(
            f"learning_rates must be one for each of the {n_optimizers} optimizers, "
            f"got {len(rates)}."
        )
    for rate in rates:
        Interval(0.0, np.inf, "neither", allowed=(None,)).check(rate, "learning_rates")
    return rates


def _best_rate(rule, surface, start, n_steps):
    """Return the learning rate with the lowest mean value on the path."""
    if surface.minimum is None:
        # The lowest would be whichever runs away fastest.
        return rule.default_learning_rate

    def mean(rate):
        _, values = trajectory(rule, surface, start, n_steps, rate)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.mean(values)
        return mean if np.isfinite(mean) else np.inf

    return min(RATES, key=mean)
