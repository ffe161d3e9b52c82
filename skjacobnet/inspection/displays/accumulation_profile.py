"""Costs of the orders of the chain rule."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.accumulation import profile_accumulation
from skjacobnet.inspection.displays.drawing import COLORS, figure_and_panels
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.pipelines import Route

# Fields of a profile that are drawn: label and unit.
PANELS = {
    "multiplications": ("multiplications", ""),
    "seconds": ("time", "s"),
    "peak_bytes": ("peak memory", "B"),
}


class AccumulationProfileDisplay:
    """Costs of the Jacobian of a network in each order of the chain rule.

    Forward mode, reverse mode and the automatic order: multiplications are counted,
    time and memory are measured.

    Make one with `from_estimator` or `from_network`; the constructor takes the numbers
    themselves.

    Parameters
    ----------
    profiles : dict of str to AccumulationProfile
        Costs of each order, as `skjacobnet.inspection.profile_accumulation` returns
        them.

    Attributes
    ----------
    ax_ : array of three matplotlib Axes
        Axes of multiplications, time and memory.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.inspection.profile_accumulation : Computation of the numbers.

    Notes
    -----
    All three scales start at zero. Time is the shortest of some runs, and memory the
    most that NumPy held at one time, both for all rows at once.

    Examples
    --------
    With one output reverse mode costs, for each sample, 3 multiplications for the
    diagonal and 3 * 2 for the first matrix:

    >>> import numpy as np
    >>> from skjacobnet.layers import Linear, Tanh
    >>> from skjacobnet.network import Network
    >>> network = Network([Linear(3), Tanh(), Linear(1)], n_in=2)
    >>> display = AccumulationProfileDisplay.from_network(network, np.ones((10, 2)))
    >>> display.profiles["reverse"].multiplications
    90
    """

    def __init__(self, profiles):
        self.profiles = profiles

    @classmethod
    def from_estimator(cls, estimator, X, *, n_repeats=5, ax=None):
        """Measure the costs of the Jacobian of a fitted network and draw them.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator. The Jacobian is that of the raw prediction with respect to
            the inputs of the network, after all steps before it.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows, as passed to the pipeline, all taken at once.
        n_repeats : int >= 1, default=5
            Number of runs, of which the shortest time is taken.
        ax : matplotlib Axes, or three of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        AccumulationProfileDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or `n_repeats` is no integer.
        ValueError
            If `X` does not fit, or `n_repeats` or the number of axes is not allowed.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        route = Route(estimator, X, through=False)
        network, weights = route.model.network, route.model.weights
        return cls._measured(network, route.inputs, weights, n_repeats).plot(ax=ax)

    @classmethod
    def from_network(cls, network, X, *, n_repeats=5, ax=None):
        """Measure the costs of the Jacobian of a network and draw them.

        Parameters
        ----------
        network : Network
            Network with initial weights; costs do not depend on them.
        X : array of shape (n_samples, n_in)
            Inputs of the network, all taken at once.
        n_repeats : int >= 1, default=5
            Number of runs, of which the shortest time is taken.
        ax : matplotlib Axes, or three of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        AccumulationProfileDisplay

        Raises
        ------
        TypeError
            If `n_repeats` is no integer.
        ValueError
            If `X` does not fit, or `n_repeats` or the number of axes is not allowed.
        ImportError
            If matplotlib is not installed.
        """
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != network.sizes[0]:
            raise ValueError(
                f"X must have the shape (n_samples, {network.sizes[0]}), got {X.shape}."
            )
        return cls._measured(network, X, None, n_repeats).plot(ax=ax)

    @classmethod
    def _measured(cls, network, X, theta, n_repeats):
        Interval(1, float("inf"), "left", integer=True).check(n_repeats, "n_repeats")
        return cls(profile_accumulation(network, X, theta, n_repeats))

    @replacing
    def plot(self, *, ax=None):
        """Draw the costs as bars, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, or three of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        AccumulationProfileDisplay
            This display.

        Raises
        ------
        ValueError
            If the number of axes is not allowed, or there is no profile.
        ImportError
            If matplotlib is not installed.
        """
        if not self.profiles:
            raise ValueError("profiles must have at least one order, got none.")
        self.figure_, self.ax_ = figure_and_panels(self, ax, len(PANELS), n_columns=1)
        from matplotlib.ticker import EngFormatter

        for panel, (name, (label, unit)) in zip(self.ax_, PANELS.items(), strict=True):
            values = [getattr(profile, name) for profile in self.profiles.values()]
            write = EngFormatter(unit)
            bars = panel.barh(list(self.profiles), values, color=COLORS[: len(values)])
            panel.bar_label(
                bars,
                [write(float(f"{value:.3g}")) for value in values],
                padding=3,
                fontsize="small",
            )
            # With room for the numbers; a network of one layer multiplies nothing.
            panel.set_xlim(0.0, 1.6 * max(values) or 2.0)
            panel.xaxis.get_major_locator().set_params(nbins=2)
            panel.xaxis.set_major_formatter(write)
            panel.yaxis.set_inverted(True)  # the first at the top
            panel.set(xlabel=label, ylabel="order")
        return self
