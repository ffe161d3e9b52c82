"""The layers of a network as a table: shapes and numbers of weights, text or HTML."""

import inspect
from html import escape
from math import prod
from numbers import Number
from typing import NamedTuple

COLUMNS = "layer", "inputs", "outputs", "weights"
# More letters of a layer's name would push the numbers out of sight.
LONGEST_NAME = 48


class Row(NamedTuple):
    """One layer of a network, or of a layer.

    Attributes
    ----------
    place : str
        Counted from 1, such as ``"2"``, or ``"2.1"`` for the first layer inside.
    name : str
    n_in, n_out : int
    n_weights : int
        Of the layer and all layers inside; those that are applied again count once.
    """

    place: str
    name: str
    n_in: int
    n_out: int
    n_weights: int

    @property
    def cells(self):
        """What is written into the columns."""
        return self.name, *(f"{count:,}" for count in self[2:])


def layer_rows(layers, sizes, within=""):
    """Yield a row for each layer, followed by those of the layers inside it.

    Parameters
    ----------
    layers : sequence of Layer
    sizes : sequence of int
        The width of the input of each.
    within : str
        Where the layers are, such as ``"2."``.

    Yields
    ------
    Row

    Examples
    --------
    >>> from skjacobnet.layers import Linear, Residual
    >>> for row in layer_rows([Residual(Linear(2))], [2]):
    ...     print(row.place, *row.cells)
    1 Residual 2 2 6
    1.1 Linear(units=2) 2 2 6
    """
    for position, (layer, n_in) in enumerate(zip(layers, sizes, strict=False), 1):
        place = f"{within}{position}"
        n_weights = sum(map(prod, layer.weight_shapes(n_in).values()))
        yield Row(place, _name(layer), n_in, layer.output_size(n_in), n_weights)
        yield from layer_rows(layer.parts, layer.part_sizes(n_in), f"{place}.")


def as_text(network):
    """Return the table as text, with the layers inside a layer indented.

    Examples
    --------
    >>> from skjacobnet.layers import Linear, Residual
    >>> from skjacobnet.network import Network
    >>> print(as_text(Network([Linear(30), Residual(Linear(30))], n_in=64)))
    layer                     inputs  outputs  weights
    1 Linear(units=30)            64       30    1,950
    2 Residual                    30       30      930
      2.1 Linear(units=30)        30       30      930
    total                         64       30    2,880
    """
    lines = [COLUMNS]
    for row in layer_rows(network.layers, network.sizes):
        indent = "  " * row.place.count(".")
        first, *numbers = row.cells
        lines.append((f"{indent}{row.place} {first}", *numbers))
    lines.append(_total(network).cells)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])])
        for first, *numbers in lines
    )


def as_html(network):
    """Return the table as HTML, in the colors of whatever surrounds it.

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> from skjacobnet.network import Network
    >>> "<td>2,145</td>" in as_html(Network([Linear(33)], n_in=64))
    True
    """
    total = _total(network)
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    lines = [f"<tr>{head}</tr>"]
    for row in layer_rows(network.layers, network.sizes):
        indent = f"padding-left:{0.5 + 1.5 * row.place.count('.')}em"
        first, *numbers = map(escape, row.cells)
        cells = "".join(f"<td>{number}</td>" for number in numbers)
        lines.append(
            f'<tr><td style="text-align:left;{indent}">{row.place} {first}</td>'
            f"{cells}</tr>"
        )
    return (
        "<details open><summary>Network: "
        f"{total.n_in:,} inputs, {total.n_out:,} outputs, {total.n_weights:,} weights"
        f'</summary><table style="text-align:right">{"".join(lines)}</table></details>'
    )


class LayerTableMixin:
    """Show the layers of a fitted network under the diagram that scikit-learn draws.

    Notebooks ask an object for ``_repr_mimebundle_``, and some only for
    ``_repr_html_``, which is missing where estimators are shown as text.
    """

    @property
    def _repr_html_(self):
        diagram = super()._repr_html_
        return lambda: self._with_layers(diagram())

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._with_layers(bundle["text/html"])
        return bundle

    def _with_layers(self, diagram):
        fitted = hasattr(self, "network_")
        return diagram + as_html(self.network_) if fitted else diagram


def _total(network):
    return Row("", "total", network.sizes[0], network.sizes[-1], network.n_weights)


def _name(layer):
    """Return the kind of a layer with the arguments that are not layers or defaults."""
    defaults = inspect.signature(type(layer)).parameters
    arguments = [
        f"{name}={value!r}"
        for name, value in layer.get_params(deep=False).items()
        if isinstance(value, Number | str) and value != defaults[name].default
    ]
    name = type(layer).__name__ + (f"({', '.join(arguments)})" if arguments else "")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
