"""Impulse responses of optimizers."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.displays.drawing import (
    figure_and_axes,
    legend_above,
    line_styles,
    whole_numbers,
)
from skjacobnet.inspection.displays.named_components import named_components
from skjacobnet.inspection.displays.names import LONGEST_LINE, checked_names, shortened
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.optimizers import impulse_response
from skjacobnet.optimizers import OPTIMIZERS


class OptimizerResponseDisplay:
    r"""Impulse response: the weight of a gradient of k steps ago in a step.

    .. math::

        h_k = -\frac{1}{\eta} \frac{\partial (\theta_{t+k} - \theta_{t+k-1})}
        {\partial g_t}, \qquad k = 0, 1, \dots

    with the learning rate :math:`\eta`.

    Make one with `from_optimizers`; the constructor takes the numbers themselves.

    Parameters
    ----------
    responses : sequence of array-like of shape (n_steps,)
        Impulse response of each optimizer, as `skjacobnet.inspection.impulse_response`
        returns it. Unit: that of a step with learning rate one, per unit of the
        gradient.
    names : sequence of str, optional
        Names of the optimizers. By default they are numbered.
    background : float, optional
        Gradient of all other steps, named in the label of the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.inspection.impulse_response : Computation of the numbers.
    OptimizerTrajectoryDisplay : Paths of optimizers on a surface.

    Notes
    -----
    SGD and its momentum are linear: what they do with one gradient does not depend on
    the others. Rules that divide by past gradients need a background, or they are shown
    at their first gradient after none at all. Around one, a response below zero means
    that a larger gradient makes later steps shorter.

    Compare optimizers in one display: a second one on the same Axes replaces the first.

    Examples
    --------
    >>> display = OptimizerResponseDisplay.from_optimizers(["sgd", "momentum"])
    >>> [response[:3].round(2) for response in display.responses]
    [array([1., 0., 0.]), array([1.  , 0.9 , 0.81])]
    """

    def __init__(self, responses, *, names=None, background=None):
        self.responses = responses
        self.names = names
        self.background = background

    @classmethod
    def from_optimizers(
        cls, optimizers, *, n_steps=40, background=0.0, names=None, ax=None
    ):
        """Compute the impulse responses of optimizers and draw them.

        Parameters
        ----------
        optimizers : sequence of str or Optimizer
            Optimizers to compare. One may stand alone.
        n_steps : int >= 1, default=40
            Number of steps.
        background : float, default=0.0
            Gradient of all other steps. Unit: that of the gradient.
        names : sequence of str, optional
            Names of the optimizers. By default the chosen names, or the ``repr`` of
            instances.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        OptimizerResponseDisplay

        Raises
        ------
        TypeError
            If an optimizer is neither a name nor an instance, or takes all rows at
            once, or `n_steps` is no integer.
        ValueError
            If there is no optimizer or none of that name, or `n_steps`, `background` or
            `names` does not fit.
        ImportError
            If matplotlib is not installed.
        """
        Interval(1, np.inf, "left", integer=True).check(n_steps, "n_steps")
        Interval(-np.inf, np.inf).check(background, "background")
        names, rules = named_components(optimizers, OPTIMIZERS, names)
        responses = [impulse_response(rule, n_steps, background) for rule in rules]
        return cls(responses, names=names, background=background).plot(ax=ax)

    @replacing
    def plot(self, *, ax=None):
        """Draw the responses, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        OptimizerResponseDisplay
            This display.

        Raises
        ------
        ValueError
            If there is no response, or not a name for each.
        ImportError
            If matplotlib is not installed.
        """
        n_lines = len(self.responses)
        if not n_lines:
            raise ValueError("responses must have at least one response, got none.")
        names = checked_names(self.names, n_lines, "names")
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        self.ax_.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
        for response, name, style in zip(
            self.responses, names, line_styles(), strict=False
        ):
            # Points that touch would hide the dashes.
            marker = "." if len(response) <= 60 else ""
            self.ax_.plot(
                range(len(response)),
                response,
                marker=marker,
                label=shortened(name, LONGEST_LINE),
                **style,
            )
        others = self.background
        others = "" if others is None else f" (all other gradients: {others:g})"
        self.ax_.set(
            xlabel=f"steps since the gradient{others}",
            ylabel="step / (rate \N{MULTIPLICATION SIGN} gradient)",
        )
        whole_numbers(self.ax_.xaxis)
        legend_above(self.ax_)
        return self
