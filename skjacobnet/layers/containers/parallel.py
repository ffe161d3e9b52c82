"""Layers with the same input."""

import numpy as np

from skjacobnet.core.constraints import OneOf
from skjacobnet.layers.containers.base import Container, PreparedContainer, prefixed
from skjacobnet.operators import Stack, Sum
from skjacobnet.operators.stack import side_by_side, split_widths
from skjacobnet.operators.sum import added


class Parallel(Container):
    r"""Layers with the same input, whose outputs are concatenated or added.

    .. math::

        y = (f_1(x), \dots, f_k(x)), \quad
        J = \begin{pmatrix} J_1 \\ \vdots \\ J_k \end{pmatrix}
        \qquad\text{or}\qquad
        y = \sum_i f_i(x), \quad J = \sum_i J_i

    Parameters
    ----------
    layers : list of Layer or str
        :math:`f_1, \dots, f_k`, at least one.
    join : {"concatenate", "add"}, default="concatenate"
        How to join the outputs. To be added they must have the same width.

    Raises
    ------
    ValueError
        In a network, if outputs of different widths are to be added.

    See Also
    --------
    Residual : Adds the input to the output of one layer.

    Notes
    -----
    Weights: those of all inner layers, ``"1.coef"`` being the ``coef`` of the second.
    Jacobian: a `skjacobnet.operators.Stack` or a `skjacobnet.operators.Sum`; one
    product costs the sum of theirs. The input may be CSR where all inner layers accept
    it. It counts as an activation where all of them do.

    Parallel layers were used for patterns of several sizes at once [1]_.

    References
    ----------
    .. [1] C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V.
       Vanhoucke and A. Rabinovich, "Going Deeper with Convolutions", CVPR 2015,
       Section 4. https://arxiv.org/abs/1409.4842

    Examples
    --------
    The positive part of each feature beside the feature itself:

    >>> layer = Parallel(["relu", "identity"])
    >>> output, operator = layer.linearize({}, np.array([[-2.0, 3.0]]))
    >>> output
    array([[ 0.,  3., -2.,  3.]])
    >>> operator.vjp(np.array([[1.0, 1.0, 10.0, 10.0]]))
    array([[10., 11.]])
    """

    name = "parallel"
    constraints = {"join": OneOf("concatenate", "add")}

    def __init__(self, layers, join="concatenate"):
        self.layers = layers
        self.join = join

    @property
    def accepts_sparse(self):
        """Whether the input may be a SciPy CSR matrix."""
        return all(layer.accepts_sparse for layer in self.inner_layers)

    @property
    def is_activation(self):
        """Whether all outputs count as activations."""
        return all(layer.is_activation for layer in self.inner_layers)

    @property
    def value_range(self):
        """Infimum and supremum of the outputs."""
        ranges = [layer.value_range for layer in self.inner_layers]
        lows, highs = zip(*ranges, strict=True)
        if self.join == "add":
            return sum(lows), sum(highs)
        return min(lows), max(highs)

    def settled(self, initializer, activation):
        settled = [
            layer.settled(initializer, activation) for layer in self.inner_layers
        ]
        layers, asked_for = zip(*settled, strict=True)
        # One preceding layer serves all: the first choice applies.
        first = next((choice for choice in asked_for if choice is not None), None)
        return self.with_inner_layers(layers), first

    def output_size(self, n_in):
        widths = [layer.output_size(n_in) for layer in self.inner_layers]
        if self.join == "concatenate":
            return sum(widths)
        if len(set(widths)) > 1:
            raise ValueError(
                f"{self!r} adds outputs of the widths {widths}. Let their last linear "
                f"layers have equal units, or choose join='concatenate'."
            )
        return widths[0]

    def forward(self, weights, X, out=None):
        pairs = zip(self.inner_layers, self.split(weights), strict=True)
        return self.joined([layer.forward(own, X) for layer, own in pairs], out)

    def prepare_inside(self, weights, n_samples, workspace):
        return PreparedParallel(self, weights, n_samples, workspace)

    def inner(self, operator, X):
        pairs = zip(self.inner_layers, operator.operands, strict=True)
        return [(layer, X, inner) for layer, inner in pairs]

    def received(self, operator, X, cotangent):
        pieces = self.pieces(operator, cotangent)
        for position, (inner, piece) in enumerate(
            zip(operator.operands, pieces, strict=True)
        ):
            yield position, inner, X, piece

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        quadruples = zip(
            self.inner_layers,
            self.split(weights),
            operator.operands,
            self.pieces(operator, cotangent),
            strict=True,
        )
        total, gradients = None, {}
        for position, (layer, own, inner, piece) in enumerate(quadruples):
            for_input, found = layer.second_vjp(own, X, None, inner, tangent, piece)
            gradients |= prefixed(position, found)
            if for_input is not None:
                total = for_input if total is None else total + for_input
        return total, gradients

    def pieces(self, operator, cotangent):
        """Return the cotangent of each inner layer's output."""
        if self.join == "add":
            return [cotangent] * len(operator.operands)
        return split_widths(cotangent, [inner.n_out for inner in operator.operands])

    def weight_jvp_at(self, operator, weights, X, tangents):
        if not weights:
            return 0.0
        # A layer without weights contributes zeros of the shape of its output.
        quadruples = zip(
            self.inner_layers,
            operator.operands,
            self.split(weights),
            self.split(tangents),
            strict=True,
        )
        contributions = [
            layer.weight_jvp_at(inner, own, X, own_tangents)
            + np.zeros(inner.n_out, X.dtype)
            for layer, inner, own, own_tangents in quadruples
        ]
        return self.joined(contributions)

    def joined(self, arrays, out=None):
        """Return the outputs of the inner layers, concatenated or added."""
        return (added if self.join == "add" else side_by_side)(arrays, out)


class PreparedParallel(PreparedContainer):
    """Prepared layers with the same input."""

    __slots__ = ()

    def linearize(self, X, rng=None):
        results = [layer.linearize(X, rng) for layer in self.inner]
        outputs, operators = zip(*results, strict=True)
        kind = Sum if self.layer.join == "add" else Stack
        operator = self.operator(operators, kind)
        leading = np.broadcast_shapes(*(output.shape[:-1] for output in outputs))
        shape = *leading, operator.n_out
        out = self.workspace.array("output", shape, outputs[0].dtype)
        return self.layer.joined(outputs, out), operator

    def vjp(self, operator, X, cotangent, gradients, out=None):
        array = None
        if out is not None:
            array = self.workspace.array("cotangent", out.shape, out.dtype)
        for position, (layer, inner, piece, own) in enumerate(
            zip(
                self.inner,
                operator.operands,
                self.layer.pieces(operator, cotangent),
                self.split(gradients),
                strict=True,
            )
        ):
            found = layer.vjp(inner, X, piece, own, array if position else out)
            if position and out is not None:
                np.add(out, found, out)
        return out
