"""Layers applied one after another."""

from itertools import islice

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.core.workspace import Workspace
from skjacobnet.layers.base import add_to
from skjacobnet.layers.chain import Chain, PreparedChain
from skjacobnet.layers.containers.base import Container, PreparedContainer, prefixed
from skjacobnet.operators import Product
from skjacobnet.operators.chain_rule import cotangents, tangents


class Trace(Product):
    """Jacobian of a chain of layers, with the inner outputs.

    Parameters
    ----------
    operators : list of JacobianOperator
        One for each step, in the order in which they are applied.

    Attributes
    ----------
    outputs : list of array
        Input, and the output of each step.
    """

    __slots__ = ("operators", "outputs")

    def __init__(self, operators):
        super().__init__(operators[::-1])
        self.operators = operators


class Sequence(Container):
    """Base class of containers that apply inner layers one after another."""

    @property
    def order(self):
        """The position of the inner layer of each step."""
        return range(len(self.inner_layers))

    @property
    def steps(self):
        """Inner layers in the order of application, repeated ones included."""
        layers = self.inner_layers
        return tuple(layers[position] for position in self.order)

    @property
    def chain(self):
        """Chain of the steps."""
        return Chain(self.steps)

    @property
    def accepts_sparse(self):
        """Whether the input may be a SciPy CSR matrix."""
        return self.inner_layers[0].accepts_sparse

    @property
    def is_activation(self):
        """Whether the last output counts as an activation."""
        return self.inner_layers[-1].is_activation

    @property
    def value_range(self):
        """Infimum and supremum of the last outputs."""
        return self.inner_layers[-1].value_range

    def inner_sizes(self, n_in):
        return Chain(self.inner_layers).sizes(n_in)[:-1]

    def output_size(self, n_in):
        return Chain(self.inner_layers).sizes(n_in)[-1]

    def widths(self, n_in):
        return self.chain.widths(n_in)

    def init_weights(self, n_in, rng, dtype, X=None):
        weights = {}
        found = Chain(self.inner_layers).init_weights(n_in, rng, dtype, X)
        for position, own in enumerate(found):
            weights |= prefixed(position, own)
        return weights

    def forward(self, weights, X, out=None):
        return self.chain.forward(self.split_steps(weights), X, out)

    def prepare_inside(self, weights, n_samples, workspace):
        return PreparedSequence(self, weights, n_samples, workspace)

    def inner(self, operator, X):
        steps = zip(self.steps, operator.outputs, operator.operators, strict=False)
        return list(steps)

    def received(self, operator, X, cotangent):
        # The input at hand, which may be dense if that of training was sparse.
        inputs = [X, *operator.outputs[1:-1]]
        order = self.order
        for step, *at in self.chain.received(operator.operators, inputs, cotangent):
            yield order[step], *at

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        operators, outputs = operator.operators, operator.outputs
        walk = islice(cotangents(operators, cotangent), len(operators))
        for_input, added, found = self.chain.second_vjp(
            self.split_steps(weights),
            outputs,
            operators,
            tangents(operators, tangent),
            list(walk)[::-1],
        )
        gradients = {}
        if added:
            # They reach the weights of the preceding layers, as all cotangents do.
            last = max(added)
            cotangent = added.pop(last)
            gradients = self.zeros(weights, X, cotangent)
            prepared = self.prepare_inside(weights, X.shape[-2], Workspace())
            carried = prepared.chain.vjp(
                operators[: last + 1],
                outputs,
                cotangent,
                prepared.split(gradients),
                np.empty((*cotangent.shape[:-1], X.shape[-1]), cotangent.dtype),
                added,
            )
            for_input = carried if for_input is None else for_input + carried
        for position, own in zip(self.order, found, strict=True):
            add_to(gradients, prefixed(position, own))
        return for_input, gradients

    def weight_jvp_at(self, operator, weights, X, tangents):
        return self.chain.weight_jvp(
            self.split_steps(weights),
            [X, *operator.outputs[1:-1]],
            operator.operators,
            self.split_steps(tangents),
        )

    def split_steps(self, arrays):
        """Return a dict for each step, the same dict for a layer applied again."""
        split = self.split(arrays)
        return [split[position] for position in self.order]


class PreparedSequence(PreparedContainer):
    """Prepared layers applied one after another."""

    __slots__ = ("chain",)

    def __init__(self, layer, weights, n_samples, workspace):
        super().__init__(layer, weights, n_samples, workspace)
        self.chain = PreparedChain(self.inner, workspace)

    def linearize(self, X, rng=None):
        outputs, operators = self.chain.linearize(X, rng)
        operator = self.operator(operators, Trace)
        operator.outputs = outputs
        return outputs[-1], operator

    def vjp(self, operator, X, cotangent, gradients, out=None):
        outputs = [X, *operator.outputs[1:]]
        own = self.split(gradients)
        return self.chain.vjp(operator.operators, outputs, cotangent, own, out)


class Sequential(Sequence):
    r"""Layers applied one after another.

    .. math:: f = f_L \circ \cdots \circ f_1, \qquad J = J_L \cdots J_1

    Parameters
    ----------
    layers : list of Layer or str
        In the order in which they are applied; at least one.

    See Also
    --------
    Repeat : One layer applied several times.

    Notes
    -----
    Weights: those of all inner layers, ``"0.coef"`` being the ``coef`` of the first.
    Jacobian: a `skjacobnet.operators.Product`; one product costs the sum of theirs. The
    input may be CSR where the first layer accepts it. It counts as an activation where
    the last layer does. Directly in a network's list of layers it is replaced by its
    inner layers.

    Penalties on activations act on outputs of the network's layers, not on outputs
    inside a sequence within another layer.

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
        """Inner layers, unrolled recursively."""
        layers = self.inner_layers
        return tuple(inner for layer in layers for inner in layer.unrolled)

    def settled(self, initializer, activation):
        layers = []
        for layer in reversed(self.inner_layers):
            layer, activation = layer.settled(initializer, activation)
            layers.append(layer)
        return self.with_inner_layers(layers[::-1]), activation


class Repeat(Sequence):
    r"""One layer applied several times with shared weights.

    .. math:: f = g \circ \cdots \circ g, \qquad J = J_n \cdots J_1

    where :math:`J_k` is the Jacobian of g at the output of application k - 1.

    Parameters
    ----------
    layer : Layer or str
        Its output must be as wide as its input.
    times : int >= 1, default=2
        Number of applications.

    Raises
    ------
    ValueError
        In a network, if the layer changes the width.

    See Also
    --------
    Sequential : Different layers, or equal ones with separate weights.

    Notes
    -----
    Weights: those of the layer, under names such as ``"0.coef"``. Their gradient is the
    sum over the applications, as for a recurrent network [1]_ that sees its input once.
    Jacobian: a `skjacobnet.operators.Product` of the applications'. A random layer
    draws new numbers at each application.

    References
    ----------
    .. [1] P. J. Werbos, "Backpropagation Through Time: What It Does and How to Do It",
       Proceedings of the IEEE 78(10), 1550-1560, 1990.
       https://doi.org/10.1109/5.58337

    Examples
    --------
    Doubling three times; the derivative of :math:`w^3 x` with respect to w is
    :math:`3 w^2 x`:

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
        """The position of the inner layer of each step."""
        return [0] * self.times

    def output_size(self, n_in):
        n_out = super().output_size(n_in)
        if n_out != n_in:
            raise ValueError(
                f"{self!r} needs a layer that keeps the width, but it turns {n_in} "
                f"features into {n_out}. Let its last linear layer have units={n_in}, "
                f"or put a Linear({n_out}) before it."
            )
        return n_out

    def settled(self, initializer, activation):
        (layer,) = self.inner_layers
        if self.times > 1:
            # The layer is nearly always followed by itself.
            _, activation = layer.settled(initializer, activation)
        layer, activation = layer.settled(initializer, activation)
        return self.with_inner_layers([layer]), activation
