"""Layers that see the same input."""

import numpy as np

from skjacobnet.core.constraints import OneOf
from skjacobnet.layers.containers.base import Container, part_of, prefixed
from skjacobnet.operators import Stack, Sum
from skjacobnet.operators.stack import side_by_side, split_widths
from skjacobnet.operators.sum import added


class Parallel(Container):
    r"""Give the same input to several layers; put the outputs side by side or add them.

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
        What becomes of the outputs. To be added they must be of one width.

    Raises
    ------
    ValueError
        In a network, if outputs of different widths are to be added.

    See Also
    --------
    Residual : The input itself added to the output of one layer.

    Notes
    -----
    Weights: those of all parts, ``"1.coef"`` being the ``coef`` of the second.
    Jacobian: a `skjacobnet.operators.Stack` or a `skjacobnet.operators.Sum`; one
    product costs the sum of the parts'. The input may be CSR where all parts accept it.
    It counts as an activation where all parts do.

    A layer with as many experts side by side was used to see patterns of several sizes
    at once [1]_.

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
        return all(part.accepts_sparse for part in self.parts)

    @property
    def is_activation(self):
        """Whether all outputs count as activations."""
        return all(part.is_activation for part in self.parts)

    @property
    def value_range(self):
        """Infimum and supremum of the outputs."""
        lows, highs = zip(*(part.value_range for part in self.parts), strict=True)
        if self.join == "add":
            return sum(lows), sum(highs)
        return min(lows), max(highs)

    def settled(self, initializer, activation):
        settled = [part.settled(initializer, activation) for part in self.parts]
        parts, fronts = zip(*settled, strict=True)
        # One layer in front serves all parts: the first that asks for something.
        front = next((front for front in fronts if front is not None), None)
        return self.with_parts(parts), front

    def output_size(self, n_in):
        widths = [part.output_size(n_in) for part in self.parts]
        if self.join == "concatenate":
            return sum(widths)
        if len(set(widths)) > 1:
            raise ValueError(
                f"{self!r} adds outputs of the widths {widths}. Let their last linear "
                f"layers have equal units, or choose join='concatenate'."
            )
        return widths[0]

    def forward(self, weights, X, out=None):
        pairs = zip(self.parts, self._split(weights), strict=True)
        return self._joined([part.forward(own, X) for part, own in pairs], out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        pairs = zip(self.parts, self._split(weights), strict=True)
        results = [
            part.linearize(own, X, rng=rng, workspace=part_of(workspace, position))
            for position, (part, own) in enumerate(pairs)
        ]
        outputs, operators = zip(*results, strict=True)
        operator = (Sum if self.join == "add" else Stack)(operators)
        out = None
        if workspace is not None:
            leading = np.broadcast_shapes(*(output.shape[:-1] for output in outputs))
            shape, dtype = (*leading, operator.n_out), outputs[0].dtype
            out = workspace.array("output", shape, dtype)
        return self._joined(outputs, out), operator

    def inner(self, operator, X):
        pairs = zip(self.parts, operator.operands, strict=True)
        return [(part, X, inner) for part, inner in pairs]

    def received(self, operator, X, cotangent):
        pieces = self._pieces(operator, cotangent)
        for position, (inner, piece) in enumerate(
            zip(operator.operands, pieces, strict=True)
        ):
            yield position, inner, X, piece

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        quadruples = zip(
            self.parts,
            self._split(weights),
            operator.operands,
            self._pieces(operator, cotangent),
            strict=True,
        )
        total, gradients = None, {}
        for position, (part, own, inner, piece) in enumerate(quadruples):
            for_input, found = part.second_vjp(own, X, None, inner, tangent, piece)
            gradients |= prefixed(position, found)
            if for_input is not None:
                total = for_input if total is None else total + for_input
        return total, gradients

    def _pieces(self, operator, cotangent):
        """Return the cotangent of each part's output."""
        if self.join == "add":
            return [cotangent] * len(operator.operands)
        return split_widths(cotangent, [inner.n_out for inner in operator.operands])

    def weight_jvp_at(self, operator, weights, X, tangents):
        if not weights:
            return 0.0
        # A part without weights contributes zeros of the shape of its output.
        quadruples = zip(
            self.parts,
            operator.operands,
            self._split(weights),
            self._split(tangents),
            strict=True,
        )
        contributions = [
            part.weight_jvp_at(inner, own, X, own_tangents)
            + np.zeros(inner.n_out, X.dtype)
            for part, inner, own, own_tangents in quadruples
        ]
        return self._joined(contributions)

    def _joined(self, arrays, out=None):
        return (added if self.join == "add" else side_by_side)(arrays, out)
