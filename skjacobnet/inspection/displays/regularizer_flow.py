"""Vector fields of penalties."""

import numpy as np

from skjacobnet.inspection.displays.drawing import (
    figure_and_panels,
    log_ticks,
    sequential_colors,
)
from skjacobnet.inspection.displays.named_components import named_components
from skjacobnet.inspection.displays.names import checked_names, font_size, shortened
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.optimizers import flow_field
from skjacobnet.regularizers import (
    REGULARIZERS,
    ActivationRegularizer,
    PredictionRegularizer,
    Regularizer,
    WeightRegularizer,
)

# Quantity that each kind of penalty acts on, and its drawn range.
PLANES = {
    WeightRegularizer: ("weight", -2.0, 2.0),
    ActivationRegularizer: ("activation", 0.02, 0.98),
    PredictionRegularizer: ("raw prediction", -3.0, 3.0),
}
OF_THE_JACOBIAN = ("Jacobian entry", -2.0, 2.0)

# Arrows along each axis; an odd number has one in the middle, where penalties may have
# a kink.
N_ARROWS = 11


class RegularizerFlowDisplay:
    r"""Vector field of each penalty: minus its gradient for two numbers.

    .. math:: \dot z = -\nabla R(z), \qquad z \in \mathbb{R}^2

    Arrows point where gradient descent on the penalty R alone would go; their color is
    the length of the gradient, on the same scale in all panels. A dot is where R has no
    slope.

    Make one with `from_regularizers`; the constructor takes the numbers themselves.

    Parameters
    ----------
    grids : sequence of array-like of shape (n_y, n_x, 2)
        Points of a plane for each penalty, evenly spaced: the first number grows along
        the second axis, the second along the first.
    fields : sequence of array-like of shape (n_y, n_x, 2)
        Negative gradient at these points, as `skjacobnet.inspection.flow_field` returns
        it.
    names : sequence of str, optional
        Names of the penalties. By default they are numbered.
    quantities : sequence of str, optional
        Name of the two numbers of each penalty, such as "weight".

    Attributes
    ----------
    ax_ : array of matplotlib Axes of shape (n_panels,)
        Axes of the vector fields.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    skjacobnet.inspection.flow_field : Computation of the numbers.

    Examples
    --------
    >>> display = RegularizerFlowDisplay.from_regularizers(["weight_decay", "l1"])
    >>> [panel.get_title() for panel in display.ax_]
    ['weight_decay', 'l1']
    >>> display.ax_[0].get_xlabel()
    'weight 1'
    """

    def __init__(self, grids, fields, *, names=None, quantities=None):
        self.grids = grids
        self.fields = fields
        self.names = names
        self.quantities = quantities

    @classmethod
    def from_regularizers(cls, regularizers, *, names=None, ax=None):
        """Compute the vector fields of penalties and draw them.

        Parameters
        ----------
        regularizers : sequence of str or Regularizer, or dict
            Penalties. One may stand alone; a dict has strengths, as for the estimators.
            The planes are those of two weights of one unit, of two activations of one
            sample, of two raw predictions of one sample with softmax, or of two entries
            of one row of the Jacobian.
        names : sequence of str, optional
            Names of the penalties. By default the chosen names, or the ``repr`` of
            instances.
        ax : matplotlib Axes, or one for each regularizer, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        RegularizerFlowDisplay

        Raises
        ------
        TypeError
            If a regularizer is neither a name nor an instance.
        ValueError
            If there is no regularizer or none of that name, or `names` or `ax` has
            another number.
        ImportError
            If matplotlib is not installed.
        """
        if isinstance(regularizers, dict):  # as the classifier takes them
            names = list(regularizers) if names is None else names
            regularizers = [
                entry
                if isinstance(entry, Regularizer)
                else REGULARIZERS.make(name, strength=float(entry))
                for name, entry in regularizers.items()
            ]
        names, penalties = named_components(regularizers, REGULARIZERS, names)
        grids, fields, quantities = [], [], []
        for penalty in penalties:
            quantity, low, high = next(
                (plane for kind, plane in PLANES.items() if isinstance(penalty, kind)),
                OF_THE_JACOBIAN,
            )
            line = np.linspace(low, high, N_ARROWS)
            grids.append(np.stack(np.meshgrid(line, line), axis=-1))
            fields.append(flow_field(penalty, grids[-1]))
            quantities.append(quantity)
        return cls(grids, fields, names=names, quantities=quantities).plot(ax=ax)

    @replacing
    def plot(self, *, ax=None):
        """Draw the vector fields, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, or one for each penalty, optional
            Axes to draw on; one Axes is divided. By default a new figure is made.

        Returns
        -------
        RegularizerFlowDisplay
            This display.

        Raises
        ------
        ValueError
            If there are not as many names, quantities or Axes as penalties.
        ImportError
            If matplotlib is not installed.
        """
        n_panels = len(self.fields)
        if len(self.grids) != n_panels or not n_panels:
            raise ValueError(
                "grids and fields must have one array for each penalty, got "
                f"{len(self.grids)} and {n_panels}."
            )
        names = checked_names(self.names, n_panels, "names")
        quantities = self.quantities
        quantities = ["number"] * n_panels if quantities is None else quantities
        quantities = checked_names(quantities, n_panels, "quantities")
        n_rows = max(1, round(np.sqrt(n_panels) - 0.3))
        n_columns = -(-n_panels // n_rows)
        self.figure_, self.ax_ = figure_and_panels(
            self,
            ax,
            n_panels,
            n_columns,
            layout="compressed",  # the panels are squares
            figsize=(6.4, min(5.6, 0.5 + 6.4 * n_rows / n_columns)),
        )
        fields = [np.asarray(field, float) for field in self.fields]
        lengths = [np.linalg.norm(field, axis=-1) for field in fields]
        colors = _colors(lengths)
        size = font_size(10 + 7 * n_rows)
        for panel, grid, field, length, name, quantity in zip(
            self.ax_, self.grids, fields, lengths, names, quantities, strict=True
        ):
            x, y = np.moveaxis(np.asarray(grid), -1, 0)
            arrows = panel.quiver(
                x,
                y,
                *np.moveaxis(_directions(field, length), -1, 0),
                np.maximum(length, colors["norm"].vmin),
                angles="xy",
                pivot="middle",
                scale_units="width",
                scale=1.2 * x.shape[1],  # a little shorter than they are apart
                width=0.01,
                headwidth=4,
                headlength=4,
                headaxislength=3.5,
                **colors,
            )
            panel.set_title(shortened(name, 66 // n_columns), fontsize=size + 1)
            panel.set_xlabel(f"{quantity} 1", fontsize=size)
            panel.set_ylabel(f"{quantity} 2", fontsize=size)
            panel.tick_params(labelsize=size)
            for axis in (panel.xaxis, panel.yaxis):
                axis.get_major_locator().set_params(nbins=4)
            panel.set_aspect("equal")
        bar = self.figure_.colorbar(
            arrows, ax=list(self.ax_), label="length of the gradient"
        )
        log_ticks(bar.ax.yaxis)
        return self


def _directions(field, length):
    """Return arrows of length one, and of zero where the field rests."""
    return np.divide(
        field,
        length[..., np.newaxis],
        out=np.zeros_like(field),
        where=length[..., np.newaxis] > 0.0,
    )


def _colors(lengths):
    """Return one scale of colors for all lengths, logarithmic, one to three decades."""
    from matplotlib.colors import ListedColormap, LogNorm

    every = np.concatenate([np.ravel(length) for length in lengths])
    largest = every.max() or 1.0
    smallest = every[every > 0.0].min(initial=largest)
    return {
        "cmap": ListedColormap(sequential_colors(256)),
        "norm": LogNorm(np.clip(smallest, 1e-3 * largest, 0.1 * largest), largest),
    }
