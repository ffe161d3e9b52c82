"""Layers one after the other."""

from itertools import accumulate as running_total

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.layers.containers.base import Container, add_to, part_of, prefixed
from skjacobnet.operators import Product


class Trace(Product):
    """The Jacobian of layers in a row, with what happened inside.

    Parameters
    ----------
    operators : list of JacobianOperator
        One for each step, in the order in which they are applied.
    inputs : list of array
        What each step was given.
    """

    __slots__ = ("inputs", "operators")

    def __init__(self, operators, inputs):
        super().__init__(operators[::-1])
        self.operators = operators
        self.inputs = inputs


class Chain(Container):
    """Parts that are applied in some order, each to the output of the one before."""

    @property
    def order(self):
        """The position of the part of each step."""
        return range(len(self.parts))

    @property
    def accepts_sparse(self):
        """Whether the input may be a SciPy CSR matrix."""
        return self.parts[0].accepts_sparse

    @property
    def is_activation(self):
        """Whether the last output counts as an activation."""
        return self.parts[-1].is_activation

    @property
    def value_range(self):
        """Infimum and supremum of the last outputs."""
        return self.parts[-1].value_range

    def part_sizes(self, n_in):
        *sizes, _ = running_total(
            self.parts, lambda width, part: part.output_size(width), initial=n_in
        )
        return sizes

    def output_size(self, n_in):
        return self.parts[-1].output_size(self.part_sizes(n_in)[-1])

    def init_weights(self, n_in, rng, dtype, X=None):
        weights = {}
        sizes = zip(self.parts, self.part_sizes(n_in), strict=True)
        for position, (part, width) in enumerate(sizes):
            own = part.init_weights(width, rng, dtype, X)
            weights |= prefixed(position, own)
            X = None if X is None else part.forward(own, X)
        return weights

    def forward(self, weights, X, out=None):
        parts, own = self.parts, self._split(weights)
        *others, last = self.order
        for position in others:
            X = parts[position].forward(own[position], X)
        return parts[last].forward(own[last], X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        parts, own = self.parts, self._split(weights)
        operators, inputs = [], []
        for step, position in enumerate(self.order):
            inputs.append(X)
            # A part that is applied twice has two outputs, so two workspaces.
            inner = part_of(workspace, step)
            X, operator = parts[position].linearize(
                own[position], X, rng=rng, workspace=inner
            )
            operators.append(operator)
        return X, Trace(operators, inputs)

    def inner(self, operator, X):
        parts = [self.parts[position] for position in self.order]
        return list(zip(parts, operator.inputs, operator.operators, strict=True))

    def received(self, operator, X, cotangent):
        # The input as it is given, which may be dense where that of training was not.
        inputs = [X, *operator.inputs[1:]]
        steps = list(zip(self.order, operator.operators, inputs, strict=True))
        for step in range(len(steps) - 1, -1, -1):
            position, inner, given = steps[step]
            yield position, inner, given, cotangent
            if step:
                cotangent = inner.vjp(cotangent)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        operators, inputs = operator.operators, operator.inputs
        tangents = [tangent]
        for inner in operators[:-1]:
            tangents.append(inner.jvp(tangents[-1]))
        own, gradients = self._split(weights), {}
        # What a step adds to the gradient for its input goes back through the steps in
        # front, and meets their weights.
        carried = None
        steps = list(zip(self.order, operators, inputs, tangents, strict=True))
        for position, inner, X_step, t in reversed(steps):
            part = self.parts[position]
            for_input, found = part.second_vjp(
                own[position], X_step, output, inner, t, cotangent
            )
            add_to(gradients, prefixed(position, found))
            if carried is not None:
                if own[position]:
                    found = part.weight_vjp_at(inner, own[position], X_step, carried)
                    add_to(gradients, prefixed(position, found))
                back = inner.vjp(carried)
                for_input = back if for_input is None else for_input + back
            carried, output = for_input, X_step
            cotangent = inner.vjp(cotangent)
        return carried, gradients

    def weight_jvp_at(self, operator, weights, X, tangents):
        own, own_tangents = self._split(weights), self._split(tangents)
        tangent = 0.0
        inputs = [X, *operator.inputs[1:]]
        steps = zip(self.order, operator.operators, inputs, strict=True)
        for position, inner, given in steps:
            carried = inner.jvp(tangent) if np.ndim(tangent) else 0.0
            tangent = carried + self.parts[position].weight_jvp_at(
                inner, own[position], given, own_tangents[position]
            )
        return tangent


class Sequential(Chain):
    r"""Apply layers one after the other.

    .. math:: f = f_L \circ \cdots \circ f_1, \qquad J = J_L \cdots J_1

    Parameters
    ----------
    layers : list of Layer or str
        In the order in which they are applied; at least one.

    See Also
    --------
    Repeat : The same layer again and again.

    Notes
    -----
    Weights: those of all parts, ``"0.coef"`` being the ``coef`` of the first. Jacobian:
    a `skjacobnet.operators.Product`; one product costs the sum of the parts'. The input
    may be CSR where the first part accepts it. It counts as an activation where its
    last part does. Directly in a network's list of layers it means the same as its
    parts written there, and the network has the parts.

    Penalties on activations see what leaves a layer of the network, so not what passes
    between the parts of a sequence inside another layer.

    References
    ----------
    .. [1] A. Griewank and A. Walther, "Evaluating Derivatives", 2nd ed., SIAM, 2008,
       Chapter 3. https://doi.org/10.1137/1.9780898717761

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> layer = Sequential([Linear(1), "relu"])
    >>> weights = {"0.coef": np.array([[2.0], [3.0]]), "0.intercept": np.zeros(1)}
    >>> output, operator = layer.linearize(weights, np.array([[1.0, 10.0]]))
    >>> output
    array([[32.]])
    >>> operator.todense(1)
    array([[[2., 3.]]])
    """

    name = "sequential"

    def __init__(self, layers):
        self.layers = layers

    @property
    def unrolled(self):
        """Its parts, and theirs."""
        return tuple(inner for part in self.parts for inner in part.unrolled)

    def settled(self, initializer, activation):
        parts = []
        for part in reversed(self.parts):
            part, activation = part.settled(initializer, activation)
            parts.append(part)
        return self.with_parts(parts[::-1]), activation


class Repeat(Chain):
    r"""Apply one layer several times, with the same weights each time.

    .. math:: f = g \circ \cdots \circ g, \qquad J = J_n \cdots J_1

    where :math:`J_k` is the Jacobian of g at the output of application k - 1.

    Parameters
    ----------
    layer : Layer or str
        Its output must be as wide as its input.
    times : int >= 1, default=2
        How often it is applied.

    Raises
    ------
    ValueError
        In a network, if the layer changes the width.

    See Also
    --------
    Sequential : Different layers, or equal ones with weights of their own.

    Notes
    -----
    Weights: those of the layer, under names such as ``"0.coef"``. Their gradient is the
    sum over the applications, as for a recurrent network [1]_ that sees its input once.
    Jacobian: a `skjacobnet.operators.Product` of the applications'. A layer that draws
    random numbers draws anew each time.

    References
    ----------
    .. [1] P. J. Werbos, "Backpropagation Through Time: What It Does and How to Do It",
       Proceedings of the IEEE 78(10), 1550-1560, 1990.
       https://doi.org/10.1109/5.58337

    Examples
    --------
    Doubled three times; the gradient of :math:`w^3 x` for w is :math:`3 w^2 x`:

    >>> from skjacobnet.layers import Linear
    >>> layer = Repeat(Linear(1, use_bias=False), times=3)
    >>> weights, X = {"0.coef": np.array([[2.0]])}, np.array([[1.0]])
    >>> layer.forward(weights, X)
    array([[8.]])
    >>> layer.weight_vjp(weights, X, np.array([[1.0]]))
    {'0.coef': array([[12.]])}
    """

    name = "repeat"
    holds = "layer"
    constraints = {"times": Interval(1, np.inf, "left", integer=True)}

    def __init__(self, layer, times=2):
        self.layer = layer
        self.times = times

    @property
    def order(self):
        """The position of the part of each step."""
        return [0] * self.times

    def output_size(self, n_in):
        n_out = super().output_size(n_in)
        if n_out != n_in:
            raise ValueError(
                f"{self!r} needs a layer that keeps the width, but it turns {n_in} "
                f"features into {n_out}. Let its last linear layer have units={n_in}, "
                f"or put a Linear({n_out}) in front."
            )
        return n_out

    def sample_squared_norms_at(self, operator, weights, X, cotangent):
        # The gradients of the applications are added before their length is taken.
        stack = np.broadcast_shapes(X.shape[:-1], cotangent.shape[:-1])
        total = np.zeros(stack, cotangent.dtype)
        gradients = self.sample_gradients_at(operator, weights, X, cotangent)
        for gradient in gradients.values():
            flat = gradient.reshape(*stack, -1)
            total += np.vecdot(flat, flat)
        return total

    def settled(self, initializer, activation):
        (part,) = self.parts
        if self.times > 1:
            # What comes behind the layer is, nearly always, the layer itself.
            _, activation = part.settled(initializer, activation)
        part, activation = part.settled(initializer, activation)
        return self.with_parts([part]), activation
