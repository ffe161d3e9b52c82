"""Networks: chains of layers with one flat vector of weights."""

from math import prod

import numpy as np
from scipy.sparse import issparse

from skjacobnet.accumulation import accumulate_into, count_carried
from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.core.rows import cast
from skjacobnet.layers import Encoding
from skjacobnet.layers.chain import Chain
from skjacobnet.network.layer_table import as_text
from skjacobnet.network.linearization import Linearization
from skjacobnet.network.workspace import NetworkWorkspace


class Network:
    """Chain of layers with one vector of weights.

    One vector ``theta`` holds the weights of all layers, layer by layer, ``coef`` in C
    order and then ``intercept``; layers use reshaped views of it. The network itself is
    immutable: methods take ``theta`` as an argument. Another vector holds the
    statistics of layers that are fitted to the data without gradients.

    Parameters
    ----------
    layers : sequence of Layer
        Layers from the inputs to the raw prediction.
    n_in : int
        Number of input features.
    statistics : array of shape (n_statistics,), optional
        Statistics, by default those for no data.

    Attributes
    ----------
    sizes : tuple of int
        Width of the input and of each layer's output.
    widths : tuple of int
        Width of the input and of each array that an evaluation allocates, those inside
        containers included.
    n_weights : int
        Length of ``theta``.
    statistics : array of shape (n_statistics,), float64
        Statistics of all layers, layer by layer.
    n_encodings : int
        Number of first layers that are encodings. They compute in the dtype of the
        inputs, all others in that of ``theta``.

    Examples
    --------
    >>> from skjacobnet.layers import Linear, ReLU
    >>> network = Network([Linear(3), ReLU(), Linear(1)], n_in=2)
    >>> network.sizes, network.n_weights
    ((2, 3, 3, 1), 13)
    >>> print(network)
    layer              Jacobian         inputs  outputs  weights
    1 Linear(units=3)  constant matrix       2        3        9
    2 ReLU             diagonal              3        3        0
    3 Linear(units=1)  constant matrix       3        1        4
    total                                    2        1       13
    52 bytes in float32, 104 bytes in float64
    """

    def __init__(self, layers, n_in, statistics=None):
        self.chain = Chain(layers)
        self.layers = self.chain.layers
        self.n_encodings = 0
        while self.n_encodings < len(self.layers) and isinstance(
            self.layers[self.n_encodings], Encoding
        ):
            self.n_encodings += 1
        self.sizes = self.chain.sizes(n_in)
        self.widths = (n_in, *self.chain.widths(n_in))
        steps = list(zip(self.layers, self.sizes, strict=False))
        self._places, self.n_weights = _places(
            layer.weight_shapes(width) for layer, width in steps
        )
        neutral = [layer.neutral_statistics(width) for layer, width in steps]
        self._statistic_places, n_statistics = _places(
            {name: array.shape for name, array in arrays.items()} for arrays in neutral
        )
        if statistics is None:
            found = [array.ravel() for arrays in neutral for array in arrays.values()]
            statistics = np.concatenate([np.empty(0), *found])
        self.statistics = statistics
        if statistics.shape != (n_statistics,):
            raise ValueError(
                f"statistics must have the shape ({n_statistics},), got "
                f"{statistics.shape}."
            )

    def __getstate__(self):
        return {
            "layers": self.layers,
            "n_in": self.sizes[0],
            "statistics": self.statistics,
        }

    def __setstate__(self, state):
        self.__init__(**state)

    def __repr__(self):
        layers = ", ".join(map(repr, self.layers))
        return f"Network([{layers}], n_in={self.sizes[0]})"

    def __str__(self):
        return as_text(self)

    @property
    def weight_shapes(self):
        """Shapes of each layer's weights, in order."""
        return [
            {name: shape for name, (_, shape) in places.items()}
            for places in self._places
        ]

    @property
    def accepts_sparse(self):
        """Whether the input may be a SciPy CSR matrix."""
        return self.layers[0].accepts_sparse

    @property
    def activation_indices(self):
        """Indices of the layers whose outputs are hidden activations."""
        return [i for i, layer in enumerate(self.layers[:-1]) if layer.is_activation]

    def part(self, start, stop):
        """Return the network of a slice of layers, with the same vector of weights.

        The omitted layers must have no weights.
        """
        sizes = [
            sum(prod(shape) for _, shape in places.values())
            for places in self._statistic_places
        ]
        place = slice(sum(sizes[:start]), sum(sizes[:stop]))
        layers = self.layers[start:stop]
        return Network(layers, self.sizes[start], self.statistics[place])

    def followed_by(self, layers, statistics):
        """Return the network with further layers, each with a dict of statistics."""
        found = [
            np.ravel(own[name])
            for layer, own in zip(layers, statistics, strict=True)
            for name in layer.statistics
        ]
        return Network(
            [*self.layers, *layers],
            self.sizes[0],
            np.concatenate([self.statistics, *found]),
        )

    def joined(self, other):
        """Return the composition of this network, applied first, and another one."""
        return Network(
            [*self.layers, *other.layers],
            self.sizes[0],
            np.concatenate([self.statistics, other.statistics]),
        )

    def encoded(self, X, dtype, out=None):
        """Return encoded inputs.

        Parameters
        ----------
        X : array or CSR matrix of shape (..., n_samples, n_in)
        dtype : data-type
            Type of the result.
        out : array, optional
            Output array.

        Returns
        -------
        array of shape (..., n_samples, width)
            Encoded inputs; without encodings `X` in that type.
        """
        if not self.n_encodings:
            return as_type(X, dtype)
        known = _views(self.statistics.astype(X.dtype), self._statistic_places)
        last = self.n_encodings - 1
        for step, layer in enumerate(self.layers[: self.n_encodings]):
            whole = step == last and out is not None and out.dtype == X.dtype
            X = layer.forward(known[step], X, out if whole else None)
        if out is None or X is out:
            return as_type(X, dtype)
        np.copyto(out, X, casting="same_kind")
        return out

    def split(self, theta):
        """Return each layer's weights as views of a flat vector.

        Parameters
        ----------
        theta : array of shape (..., n_weights)

        Returns
        -------
        list of dict of str to array
            One dict for each layer, empty for layers without weights.
        """
        return _views(theta, self._places)

    def arrays(self, theta, dtype=None):
        """Return each layer's weights and statistics, as arguments of its methods.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        dtype : data-type, optional
            Type of the inputs, by default that of `theta`.

        Returns
        -------
        list of dict of str to array
            The weights as views; statistics of encodings in the type of the inputs,
            others in that of `theta`.
        """
        weights = self.split(theta)
        if not any(self._statistic_places):
            return weights
        known = _views(self.statistics.astype(theta.dtype), self._statistic_places)
        if self.n_encodings and dtype is not None and dtype != theta.dtype:
            wide = _views(self.statistics.astype(dtype), self._statistic_places)
            known[: self.n_encodings] = wide[: self.n_encodings]
        return [{**own, **more} for own, more in zip(weights, known, strict=True)]

    def weights(self, theta, name):
        """Return all weights of one name, such as ``"coef"``, layer by layer.

        Weights of inner layers, such as ``"0.coef"``, are included.
        """
        return [
            view
            for views in self.split(theta)
            for own_name, view in views.items()
            if own_name.rpartition(".")[-1] == name
        ]

    def penalized(self, theta):
        """Return views of all weights that regularizers act on."""
        return self._chosen(theta, lambda layer, views: layer.penalized)

    def fixed(self, theta):
        """Return views of all weights that are never trained."""
        return self._chosen(theta, lambda layer, views: layer.fixed(views))

    def _chosen(self, theta, names):
        pairs = zip(self.layers, self.split(theta), strict=True)
        return [views[n] for layer, views in pairs for n in names(layer, views)]

    def decay_mask(self, dtype):
        """Return a vector (n_weights,): one for penalized weights, zero for others."""
        mask = np.zeros(self.n_weights, dtype)
        for view in self.penalized(mask):
            view[...] = 1.0
        return mask

    def init_weights(self, rng, dtype, X=None):
        """Draw the initial weights.

        Parameters
        ----------
        rng : numpy.random.Generator
        dtype : data-type
        X : array of shape (n_samples, n_in), optional
            Batch of inputs for data-driven initializers.

        Returns
        -------
        array of shape (n_weights,)
        """
        theta = np.empty(self.n_weights, dtype)
        known = _views(self.statistics.astype(dtype), self._statistic_places)
        drawn = self.chain.init_weights(self.sizes[0], rng, dtype, X, known)
        for views, weights in zip(self.split(theta), drawn, strict=True):
            for name, view in views.items():
                view[...] = weights[name]
        return theta

    def forward(self, theta, X, out=None, workspace=None):
        """Return the raw prediction.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array of shape (..., n_samples, n_in)
        out : array of shape (..., n_samples, n_raw), optional
            Output array.
        workspace : NetworkWorkspace, optional
            Workspace that holds intermediate arrays, reused by the next call.

        Returns
        -------
        array of shape (..., n_samples, n_raw)
        """
        X, hidden, first = self.encoded(X, theta.dtype), None, self.n_encodings
        if workspace is not None:
            hidden = workspace.hidden(X.shape[:-1], theta.dtype)
        if not first:
            return self.chain.forward(self.arrays(theta), X, out, hidden)
        chain = Chain(self.layers[first:])
        hidden = None if hidden is None else hidden[first:]
        return chain.forward(self.arrays(theta)[first:], X, out, hidden)

    def linearize(self, theta, X, rng=None, workspace=None):
        """Evaluate the network together with the Jacobian of each layer.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array of shape (..., n_samples, n_in)
        rng : numpy.random.Generator, optional
            Generator for layers that draw random numbers; without it they predict.
        workspace : NetworkWorkspace, optional
            Workspace that holds the arrays, reused by the next call.

        Returns
        -------
        Linearization
        """
        workspace = NetworkWorkspace(self) if workspace is None else workspace
        if not self.n_encodings:
            X = as_type(X, theta.dtype)
        chain = workspace.prepared(theta, X)
        return Linearization(*chain.linearize(X, rng), chain, workspace)

    def second_gradient(self, linearization, tangents, cotangents):
        r"""Return the terms that a product with the Jacobian adds to the reverse pass.

        The number

        .. math:: \sum_{k,s} c_{ks}^T J_s(\theta) t_{ks},

        with J the Jacobian of the raw prediction and fixed t and c, depends on the
        weights in two ways: through each layer's Jacobian, and through the activations
        at which it is evaluated. The first gives gradients for the weights; the second
        gives cotangents of the activations, which `gradient` backpropagates.

        Parameters
        ----------
        linearization : Linearization
        tangents : iterable of array of shape (n_pairs, ..., n_samples, width)
            :math:`t` at the input of each layer, in order of the layers, as
            `skjacobnet.accumulation.tangents` yields them.
        cotangents : iterable of array of shape (n_pairs, ..., n_samples, width)
            :math:`c` at the output of each layer, in order of the layers.

        Returns
        -------
        added : dict of int to array
            Cotangents of the hidden layers' outputs, by the layer's index.
        gradients : list of dict of str to array
            Gradients for the weights of each layer; zero ones are omitted.
        """
        at = linearization
        weights = [layer.weights for layer in at.layers]
        _, added, gradients = self.chain.second_vjp(
            weights, at.outputs, at.operators, tangents, cotangents
        )
        return added, gradients

    def gradient(self, theta, linearization, cotangent, added=None, out=None):
        """Return the gradient of a function of the raw prediction for all weights.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            Linearization at this ``theta``.
        cotangent : array of shape (..., n_samples, n_raw)
            Gradient of the function with respect to the raw prediction.
        added : dict of int to array, optional
            Gradients for the outputs of hidden layers, by the layer's index.
        out : array of shape (..., n_weights), optional

        Returns
        -------
        array of shape (..., n_weights)
        """
        at = linearization
        if out is None:
            stack = np.broadcast_shapes(theta.shape[:-1], cotangent.shape[:-2])
            out = np.empty((*stack, self.n_weights), theta.dtype)
        gradients = at.workspace.split(out)
        at.chain.vjp(at.operators, at.outputs, cotangent, gradients, added=added)
        return out

    def sample_gradients(self, theta, linearization, cotangent, out=None):
        """Return the gradient for all weights of each sample.

        `gradient` is their sum.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            Linearization at this ``theta``.
        cotangent : array of shape (..., n_samples, n_raw)
        out : array of shape (..., n_samples, n_weights), optional

        Returns
        -------
        array of shape (..., n_samples, n_weights)
        """
        if out is None:
            stack = np.broadcast_shapes(theta.shape[:-1], cotangent.shape[:-2])
            shape = (*stack, cotangent.shape[-2], self.n_weights)
            out = np.empty(shape, theta.dtype)
        gradients = self.split(out)
        for step, *at in self._received(theta, linearization, cotangent):
            self.layers[step].sample_gradients_at(*at, gradients[step])
        return out

    def sample_squared_norms(self, theta, linearization, cotangent):
        """Return the squared norms of `sample_gradients` without computing these.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            Linearization at this ``theta``.
        cotangent : array of shape (..., n_samples, n_raw)

        Returns
        -------
        array of shape (..., n_samples)
        """
        return sum(
            self.layers[step].sample_squared_norms_at(*at)
            for step, *at in self._received(theta, linearization, cotangent)
        )

    def _received(self, theta, linearization, cotangent):
        """Yield each step with weights, last first, with arguments of `weight_vjp`."""
        weights = self.arrays(theta)
        inputs = [X.toarray() if issparse(X) else X for X in linearization.outputs[:-1]]
        for step, operator, *ends in self.chain.received(
            linearization.operators, inputs, cotangent
        ):
            if self._places[step]:
                yield step, operator, weights[step], *ends

    def weight_jvp(self, theta, linearization, tangent):
        """Return the tangent of the raw prediction for a tangent of the weights.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            Linearization at this ``theta``.
        tangent : array of shape (..., n_weights)

        Returns
        -------
        array of shape (..., n_samples, n_raw)
        """
        at = linearization
        return self.chain.weight_jvp(
            self.arrays(theta), at.outputs[:-1], at.operators, self.split(tangent)
        )

    def input_jacobian(self, theta, X, mode="auto"):
        """Return the Jacobian of the raw prediction with respect to the inputs.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array of shape (..., n_samples, n_in)
        mode : {"auto", "forward", "reverse"}, default="auto"
            Order in which the layers' Jacobians are multiplied; see
            `skjacobnet.accumulation`.

        Returns
        -------
        array of shape (..., n_samples, n_raw, n_in)

        Notes
        -----
        Computed in blocks of samples: memory is the result plus one block.
        """
        X = as_type(X, theta.dtype)
        n_samples, n_in, n_raw = X.shape[-2], self.sizes[0], self.sizes[-1]
        stack = np.broadcast_shapes(theta.shape[:-1], X.shape[:-2])
        jacobian = np.empty((*stack, n_samples, n_raw, n_in), theta.dtype)
        carried = count_carried(mode, n_raw, n_in)
        block = row_blocks(self, carried, theta.itemsize, prod(stack))
        workspace = NetworkWorkspace(self)
        for rows in slices(n_samples, block):
            linearization = self.linearize(theta, X[..., rows, :], None, workspace)
            accumulate_into(jacobian[..., rows, :, :], linearization.operators, mode)
        return jacobian


def _places(shapes):
    """Return the positions of arrays in one vector, layer by layer, and its length."""
    found, end = [], 0
    for own_shapes in shapes:
        places = {}
        for name, shape in own_shapes.items():
            places[name] = slice(end, end + prod(shape)), shape
            end += prod(shape)
        found.append(places)
    return found, end


def _views(vector, places):
    """Return views of a vector (..., n) at positions, a dict for each layer."""
    stack = vector.shape[:-1]
    return [
        {
            name: vector[..., place].reshape(stack + shape)
            for name, (place, shape) in own_places.items()
        }
        for own_places in places
    ]


def as_type(X, dtype):
    """Return inputs in the dtype of the weights, unchanged if they have it."""
    if type(X) is np.ndarray and X.dtype == dtype:
        return X  # the usual case, in a hot loop
    return cast(X if issparse(X) else np.asarray(X), dtype, sparse=True)
