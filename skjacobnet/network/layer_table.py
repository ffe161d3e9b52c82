"""Table of the layers of a network: Jacobians, shapes and weights, as text or HTML."""

import inspect
import re
from html import escape
from math import prod
from numbers import Number
from typing import NamedTuple

import numpy as np

from skjacobnet import operators

COLUMNS = "layer", "Jacobian", "inputs", "outputs", "weights"
# Text is left-aligned, numbers are right-aligned.
SIDES = "left", "left", "right", "right", "right"
# A longer name of a layer would make the table too wide.
LONGEST_NAME = 48
# A notebook folds a table with more rows.
MOST_ROWS_OPEN = 20
KINDS_OF_OPERATORS = tuple(
    kind
    for kind in vars(operators).values()
    if inspect.isclass(kind) and not inspect.isabstract(kind)
)


class Row(NamedTuple):
    """Row of the table: one layer of a network or of a container.

    Attributes
    ----------
    place : str
        Position counted from 1, such as ``"2"``, or ``"2.1"`` for the first inner
        layer.
    name : str
    jacobian : str
        Kind of its operator, such as ``"diagonal"``.
    n_in, n_out : int
    n_weights : int
        Number of weights of the layer and its inner layers; repeated ones count once.
    """

    place: str
    name: str
    jacobian: str
    n_in: int
    n_out: int
    n_weights: int

    @property
    def cells(self):
        """Cells of the row, as text."""
        title = f"{self.place} {self.name}".lstrip()
        return title, self.jacobian, *(f"{count:,}" for count in self[3:])

    @property
    def depth(self):
        """Nesting depth."""
        return self.place.count(".")


def layer_rows(layers, sizes, within=""):
    """Yield a row for each layer, followed by those of its inner layers.

    Parameters
    ----------
    layers : sequence of Layer
    sizes : sequence of int
        Width of the input of each layer.
    within : str
        Prefix of the positions, such as ``"2."``.

    Yields
    ------
    Row

    Examples
    --------
    >>> from skjacobnet.layers import Linear, Residual
    >>> for row in layer_rows([Residual(Linear(2))], [2]):
    ...     print(row.cells)
    ('1 Residual', 'sum', '2', '2', '6')
    ('1.1 Linear(units=2)', 'constant matrix', '2', '2', '6')
    """
    for position, (layer, n_in) in enumerate(zip(layers, sizes, strict=False), 1):
        place, shapes = f"{within}{position}", layer.weight_shapes(n_in)
        n_weights = sum(map(prod, shapes.values()))
        numbers = n_in, layer.output_size(n_in), n_weights
        yield Row(place, _name(layer), _jacobian(layer, n_in, shapes), *numbers)
        yield from layer_rows(layer.inner_layers, layer.inner_sizes(n_in), f"{place}.")


def as_text(network):
    """Return the table as text, with inner layers indented.

    Examples
    --------
    >>> from skjacobnet.layers import Linear, Residual, ReLU
    >>> from skjacobnet.network import Network
    >>> layers = [Linear(30), ReLU(), Residual(Linear(30))]
    >>> print(as_text(Network(layers, n_in=64)))
    layer                   Jacobian         inputs  outputs  weights
    1 Linear(units=30)      constant matrix      64       30    1,950
    2 ReLU                  diagonal             30       30        0
    3 Residual              sum                  30       30      930
      3.1 Linear(units=30)  constant matrix      30       30      930
    total                                        64       30    2,880
    11,520 bytes in float32, 23,040 bytes in float64
    """
    lines = [COLUMNS]
    for row in layer_rows(network.layers, network.sizes):
        title, *others = row.cells
        lines.append(("  " * row.depth + title, *others))
    lines.append(_total(network).cells)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    pads = [str.ljust if side == "left" else str.rjust for side in SIDES]
    table = [
        "  ".join(pad(*cell) for pad, *cell in zip(pads, cells, widths, strict=True))
        for cells in lines
    ]
    memory = [_memory(network, dtype) for dtype in ("float32", "float64")]
    return "\n".join([*table, ", ".join(memory)])


def as_html(network, dtype):
    """Return the table as HTML, in the colors of its surroundings.

    Parameters
    ----------
    network : Network
    dtype : data-type
        Type of the weights.

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> from skjacobnet.network import Network
    >>> html = as_html(Network([Linear(33)], n_in=64), "float32")
    >>> "64 inputs, 33 outputs, 2,145 weights, 8,580 bytes in float32" in html
    True
    """
    rows = list(layer_rows(network.layers, network.sizes))
    lines = [
        _html_line("th", COLUMNS),
        *(_html_line("td", map(escape, row.cells), row.depth) for row in rows),
    ]
    *_, n_in, n_out, n_weights = _total(network).cells
    return (
        f"<details{' open' if len(rows) <= MOST_ROWS_OPEN else ''}><summary>Network: "
        f"{n_in} inputs, {n_out} outputs, {n_weights} weights, "
        f"{_memory(network, dtype)}</summary><table>{''.join(lines)}</table></details>"
    )


def _html_line(tag, cells, depth=0):
    indents = 0.5 + 1.5 * depth, *[0.5] * (len(COLUMNS) - 1)
    cells = "".join(
        f'<{tag} style="text-align:{side};padding-left:{indent}em">{cell}</{tag}>'
        for side, indent, cell in zip(SIDES, indents, cells, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _total(network):
    n_in, *_, n_out = network.sizes
    return Row("", "total", "", n_in, n_out, network.n_weights)


def _memory(network, dtype):
    dtype = np.dtype(dtype)
    return f"{network.n_weights * dtype.itemsize:,} bytes in {dtype}"


def _jacobian(layer, n_in, shapes):
    """Return the kind of operator of a layer's Jacobian, evaluated at zeros."""
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    weights |= layer.neutral_statistics(n_in)
    with np.errstate(all="ignore"):
        _, operator = layer.linearize(weights, np.zeros((1, n_in), np.float32))
    ancestors = type(operator).__mro__
    kind = next((k for k in ancestors if k in KINDS_OF_OPERATORS), ancestors[0])
    name = kind.__name__.removesuffix("Operator")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _name(layer):
    """Return the class of a layer with its arguments except layers and defaults."""
    defaults = inspect.signature(type(layer)).parameters
    arguments = [
        f"{name}={value!r}"
        for name, value in layer.get_params(deep=False).items()
        if isinstance(value, Number | str) and value != defaults[name].default
    ]
    name = type(layer).__name__ + (f"({', '.join(arguments)})" if arguments else "")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
