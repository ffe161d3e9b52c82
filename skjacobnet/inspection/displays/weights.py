"""Weights of a linear layer, as small images or as a heat map."""

import numpy as np
from sklearn.pipeline import Pipeline

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.column_names import encoded_names
from skjacobnet.inspection.displays.drawing import (
    DIVERGING,
    figure_and_axes,
    fresh_scales,
    whole_numbers,
)
from skjacobnet.inspection.displays.names import (
    MOST_COLUMNS,
    checked_names,
    font_size,
    name_columns,
    shortened_names,
)
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.displays.rows import checked_image_shape, symmetric_limits
from skjacobnet.inspection.output_columns import OutputColumns
from skjacobnet.inspection.pipelines import steps_and_network
from skjacobnet.model import members_of

# More names than this would cover one another; they are numbered instead.
MOST_INPUT_NAMES = 30
# So many numbers of units need not stand upright.
MOST_NUMBERS = 8


class WeightsDisplay:
    """Weights of a linear layer, all in one scale of colors.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    coef : array-like of shape (n_in, n_out)
        Weights, with a column for each unit.
    image_shape : (int, int), optional
        Height and width of images whose pixels are the inputs, row by row: there is
        then one for each unit. Without it there is one heat map, inputs by units.
    input_names : sequence of str of length n_in, optional
        Names beside a heat map of up to 30 inputs. By default inputs are numbered.
    unit_names : sequence of str of length n_out, optional
        Names above images, or under a heat map. By default units are numbered.
    title : str, default=""
        Name of the layer.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    JacobianDisplay : Jacobian of all layers at one row.

    Notes
    -----
    The last weights of a regressor are those for its targets in their scaled unit.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = JacobianMLPClassifier((5,), encoding=None, max_iter=2, random_state=0)
    >>> display = WeightsDisplay.from_estimator(model.fit(X, y), image_shape=(8, 8))
    >>> display.coef.shape, display.title
    ((64, 5), 'coefs_[0]: 64 inputs, 5 units')
    """

    def __init__(
        self, coef, *, image_shape=None, input_names=None, unit_names=None, title=""
    ):
        self.coef = coef
        self.image_shape = image_shape
        self.input_names = input_names
        self.unit_names = unit_names
        self.title = title

    @classmethod
    def from_estimator(
        cls, estimator, *, image_shape=None, layer=0, max_units=25, ax=None
    ):
        """Draw the weights of a fitted network.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator. The inputs are those of the network, after all steps
            before it.
        image_shape : (int, int), optional
            Height and width, in pixels, of images whose pixels are the inputs of the
            layer.
        layer : int, default=0
            Place of the weights in ``coefs_``, where linear layers inside other layers
            count as well; negative ones count from the end. Of an average of networks
            they are those of one network after the other.
        max_units : int >= 1, default=25
            Maximum number of units to draw.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        WeightsDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them, or `layer` or `max_units` is no integer.
        ValueError
            If there is no such layer, or `image_shape` or `max_units` does not fit.
        NotFittedError
            If `estimator` is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        _, network = steps_and_network(estimator)
        coefs = network.coefs_
        Interval(-len(coefs), len(coefs) - 1, integer=True).check(layer, "layer")
        layer %= len(coefs)
        coef = coefs[layer].copy()
        n_in, n_out = coef.shape
        where, is_first, is_last = _place(network.model_, layer)
        names = _input_names(estimator, network) if is_first else None
        kind, _, classes = OutputColumns.of(network.model_, "raw")
        named = kind == "class" and is_last and n_out == len(classes)
        return cls(
            coef,
            image_shape=image_shape,
            input_names=None if names is None or len(names) != n_in else list(names),
            unit_names=[str(name) for name in classes] if named else None,
            title=f"coefs_[{layer}]{where}: {n_in} inputs, {n_out} units",
        ).plot(max_units=max_units, ax=ax)

    @replacing
    def plot(self, *, max_units=25, ax=None):
        """Draw the weights, in place of earlier ones on the same Axes.

        Parameters
        ----------
        max_units : int >= 1, default=25
            Maximum number of units to draw: those whose weights have the largest norm,
            in their own order.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        WeightsDisplay
            This display.

        Raises
        ------
        TypeError, ValueError
            If `max_units` is not allowed, or `image_shape` or names do not fit.
        ImportError
            If matplotlib is not installed.
        """
        Interval(1, np.inf, "left", integer=True).check(max_units, "max_units")
        coef = np.asarray(self.coef)
        n_in, n_out = coef.shape
        order = np.argsort(np.linalg.norm(coef, axis=0), kind="stable")
        shown = np.sort(order[-max_units:])
        units = checked_names(self.unit_names, n_out, "unit_names", first=0)
        units = [units[i] for i in shown]
        inputs = checked_names(self.input_names, n_in, "input_names", first=0)
        limits = symmetric_limits(coef)
        if self.image_shape is None:
            self.figure_, self.ax_ = figure_and_axes(self, ax)
            fresh_scales(self.ax_)
            image = self._draw_heat_map(coef[:, shown], inputs, units, limits)
        else:
            shape = checked_image_shape(self.image_shape, n_in, "inputs")
            images = coef[:, shown].T.reshape(-1, *shape)
            self.figure_, self.ax_ = figure_and_axes(self, ax)
            fresh_scales(self.ax_)
            image = self._draw_images(images, units, limits)
        self.figure_.colorbar(image, ax=self.ax_, label="weight")
        self.ax_.set_title(self.title, fontsize="medium")
        self.ax_.set_xlabel(
            "unit"
            if len(shown) == n_out
            else f"unit ({len(shown)} with the largest weights of {n_out})"
        )
        return self

    def _draw_heat_map(self, coef, inputs, units, limits):
        n_in = len(coef)
        image = self.ax_.imshow(
            coef, cmap=DIVERGING, aspect="auto", interpolation="nearest", **limits
        )
        most = MOST_NUMBERS if self.unit_names is None else MOST_COLUMNS
        name_columns(self.ax_, units, most)
        self.ax_.set_ylabel("input")
        if self.input_names is None or n_in > MOST_INPUT_NAMES:
            whole_numbers(self.ax_.yaxis)
        else:
            self.ax_.set_yticks(
                range(n_in), shortened_names(inputs), fontsize=font_size(n_in)
            )
        return image

    def _draw_images(self, images, units, limits):
        """Put the images into rows, with room above each for its name."""
        n_shown, height, width = images.shape
        n_columns = int(np.ceil(np.sqrt(n_shown * height / width)))
        n_rows = -(-n_shown // n_columns)
        n_columns = -(-n_shown // n_rows)  # evenly over the rows
        size = np.sqrt(height * width)
        room, gap = 0.25 * size, 0.12 * size
        units = shortened_names(units, max(5, 36 // n_columns))
        longest = max(map(len, units))
        fontsize = min(10.0, 40.0 / max(n_rows, n_columns), 260.0 / n_columns / longest)
        image = None
        for place, (values, name) in enumerate(zip(images, units, strict=True)):
            row, column = divmod(place, n_columns)
            left = column * (width + gap)
            top = row * (height + room)
            image = self.ax_.imshow(
                values,
                cmap=DIVERGING,
                extent=(left, left + width, top + height, top),
                interpolation="nearest",
                **limits,
            )
            self.ax_.text(
                left,
                top - 0.03 * size,
                name,
                fontsize=fontsize,
                va="bottom",
            )
        self.ax_.set_xlim(-gap, n_columns * (width + gap))
        self.ax_.set_ylim(n_rows * (height + room) - room + gap, -room)
        self.ax_.set(xticks=[], yticks=[], facecolor="0.85")
        self.ax_.set_ylabel(
            f"inputs, {height} \N{MULTIPLICATION SIGN} {width} pixels for each unit"
        )
        return image


def _place(model, layer):
    """Return the network of a matrix, and whether it is the first or the last there.

    Parameters
    ----------
    model : FittedModel
    layer : int
        Place in all matrices of the model.

    Returns
    -------
    where : str
        Network of the matrix, empty for a single one.
    is_first, is_last : bool
        Whether the matrix is the first, and the last, of its network.
    """
    members = members_of(model)
    counts = [len(member.network.weights(member.weights, "coef")) for member in members]
    ends = np.cumsum(counts)
    number = int(np.searchsorted(ends, layer, side="right"))
    several = len(members) > 1
    where = f" of network {number + 1} of {len(members)}" if several else ""
    place = layer - (ends[number] - counts[number])
    return where, place == 0, place == counts[number] - 1


def _input_names(estimator, network):
    """Return the names of what the first linear layer is given, None without any."""
    model = network.model_
    if model.columns is not None:
        return encoded_names(model.columns, model.encoded_columns)
    names = getattr(network, "feature_names_in_", None)
    if names is None and isinstance(estimator, Pipeline):
        try:
            return estimator[:-1].get_feature_names_out()
        except (AttributeError, ValueError):  # a step that has no names to give
            return None
    return names
