"""Gradient flow: norms of gradients and steps, layer by layer over the epochs."""

import numpy as np

from skjacobnet.inspection.displays.depth import MOST_NAMES, layer_names
from skjacobnet.inspection.displays.drawing import (
    draw_line,
    figure_and_panels,
    legend_above,
    log_ticks,
    sequential_colors,
    whole_numbers,
)
from skjacobnet.inspection.displays.names import (
    checked_names,
    font_size,
    shortened,
    thinned,
)
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.pipelines import steps_and_network
from skjacobnet.model import members_of

# Steps of about this share of the weights are usually right.
RULE_OF_THUMB = 1e-3
# More names than this would take the place of the panels under them.
MOST_NAMES_ABOVE = 5
COLUMNS = "layer_gradient_norms", "layer_update_ratios"


class GradientFlowDisplay:
    r"""Gradient norms and update ratios of each layer over the epochs of a run.

    .. math:: \|g_l\|, \qquad \|\theta_l' - \theta_l\| / \|\theta_l\|

    with the gradient :math:`g_l` of the objective for the weights :math:`\theta_l` of
    layer l, and these weights after the step, :math:`\theta_l'`. The last step of each
    epoch is recorded.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    gradient_norms, update_ratios : array-like of shape (n_epochs, n_layers)
        Norms of the gradients, and norms of the steps relative to those of the weights;
        NaN where nothing was recorded.
    layer_names : sequence of str of length n_layers, optional
        Names of the layers. By default they are numbered.

    Attributes
    ----------
    ax_ : array of two matplotlib Axes
        Axes of the norms of the gradients and, below, of the ratios of the updates.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    JacobianSpectrumDisplay : Why gradients vanish or explode.

    Notes
    -----
    Gradients that shrink from the last layer to the first by orders of magnitude
    vanish. A ratio of about 1e-3, the dashed line, is a rule of thumb [1]_: with far
    less the learning rate is probably too low, with far more too high. Both scales are
    logarithmic; zeros, such as those of frozen layers, are not drawn.

    References
    ----------
    .. [1] A. Karpathy, "Ratio of weights:updates", in the notes of the course CS231n,
       Stanford University. https://cs231n.github.io/neural-networks-3/

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier(
    ...     (5,), encoding=None, max_iter=4, record_gradients=True
    ... )
    >>> display = GradientFlowDisplay.from_estimator(model.fit(X, y))
    >>> display.layer_names
    ['1 Linear(4 -> 5)', '3 Linear(5 -> 3)']
    """

    def __init__(self, gradient_norms, update_ratios, *, layer_names=None):
        self.gradient_norms = gradient_norms
        self.update_ratios = update_ratios
        self.layer_names = layer_names

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the recorded gradients of a fitted network.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Estimator fitted with ``record_gradients=True``.
        ax : matplotlib Axes, or two of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        GradientFlowDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them.
        ValueError
            If nothing was recorded, or `ax` has another number of axes.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        _, fitted = steps_and_network(estimator)
        history = fitted.history_
        # Of an average each network was trained alone.
        network = members_of(fitted.model_)[0].network
        if COLUMNS[0] not in history:
            raise ValueError(
                "The training of this estimator recorded no gradients. Set "
                "record_gradients=True and fit it again."
            )
        names = [
            name
            for name, shapes in zip(
                layer_names(network), network.weight_shapes, strict=True
            )
            if shapes
        ]
        # Epochs that did not record have one NaN for all layers.
        norms, ratios = (
            np.array([np.broadcast_to(entry, len(names)) for entry in history[column]])
            for column in COLUMNS
        )
        return cls(norms, ratios, layer_names=names).plot(ax=ax)

    @replacing
    def plot(self, *, ax=None):
        """Draw the curves, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, or two of them, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        GradientFlowDisplay
            This display.

        Raises
        ------
        ValueError
            If `ax` has another number of axes, there is not a name for each layer, or
            the numbers differ in shape.
        ImportError
            If matplotlib is not installed.
        """
        norms, ratios = np.asarray(self.gradient_norms), np.asarray(self.update_ratios)
        n_epochs, n_layers = norms.shape
        names = checked_names(self.layer_names, n_layers, "layer_names")
        if ratios.shape != norms.shape:
            raise ValueError(
                "gradient_norms and update_ratios must have one shape, got "
                f"{norms.shape} and {ratios.shape}."
            )
        self.figure_, self.ax_ = figure_and_panels(self, ax, 2, n_columns=1)
        epochs = np.arange(1, n_epochs + 1)
        for panel, values, label in zip(
            self.ax_, (norms, ratios), ("gradient norm", "update ratio"), strict=True
        ):
            lines = [
                draw_line(
                    panel,
                    epochs,
                    # Zero has no place on a logarithmic scale.
                    np.where(values[:, layer] > 0.0, values[:, layer], np.nan),
                    color=color,
                    label=shortened(names[layer]),
                )[0]
                for layer, color in enumerate(sequential_colors(n_layers))
            ]
            panel.set(yscale="log", xlabel="epoch", ylabel=label)
            panel.margins(y=0.1)
            whole_numbers(panel.xaxis)
        rule = self.ax_[1].axhline(
            RULE_OF_THUMB, color="0.3", linestyle="--", label="rule of thumb, 1e-3"
        )
        for panel in self.ax_:
            log_ticks(panel.yaxis)
        if ax is None:
            lines = [lines[layer] for layer in thinned(n_layers, MOST_NAMES)]
            self.figure_.legend(
                handles=[*lines, rule],
                loc="outside right center",
                fontsize=font_size(len(lines) + 5),
                frameon=False,
            )
        else:
            few = thinned(n_layers, MOST_NAMES_ABOVE)
            legend_above(self.ax_[0], [*(lines[layer] for layer in few), rule])
        return self
