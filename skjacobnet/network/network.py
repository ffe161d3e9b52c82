"""Layers in sequence over one flat vector of weights."""

from itertools import accumulate as running_total
from math import prod

import numpy as np
from scipy.sparse import issparse

from skjacobnet.accumulation import (
    accumulate_into,
    cotangents,
    count_carried,
)
from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.network.layer_table import as_text
from skjacobnet.network.linearization import Linearization
from skjacobnet.network.workspace import NetworkWorkspace


class Network:
    """A chain of layers.

    The weights of all layers live in one vector ``theta``, layer by layer, ``coef`` in
    C order and then ``intercept``; every layer sees reshaped views of it. The network
    itself is a value: methods take ``theta`` and change nothing.

    Parameters
    ----------
    layers : sequence of Layer
        From the inputs to the raw prediction.
    n_in : int
        Number of input features.

    Attributes
    ----------
    sizes : tuple of int
        Width of the input and of each layer's output.
    widths : tuple of int
        Width of the input and of every array that an evaluation makes, those inside
        containers included.
    n_weights : int
        Length of ``theta``.

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

    def __init__(self, layers, n_in):
        self.layers = tuple(layers)
        self.sizes = tuple(
            running_total(
                self.layers,
                lambda width, layer: layer.output_size(width),
                initial=n_in,
            )
        )
        shapes = [
            layer.weight_shapes(width)
            for layer, width in zip(self.layers, self.sizes, strict=False)
        ]
        self._places, end = [], 0
        for layer_shapes in shapes:
            places = {}
            for name, shape in layer_shapes.items():
                places[name] = slice(end, end + prod(shape)), shape
                end += prod(shape)
            self._places.append(places)
        self.n_weights = end
        widths = [
            width
            for layer, n in zip(self.layers, self.sizes, strict=False)
            for width in layer.widths(n)
        ]
        self.widths = (n_in, *widths)

    def __getstate__(self):
        return {"layers": self.layers, "n_in": self.sizes[0]}

    def __setstate__(self, state):
        self.__init__(state["layers"], state["n_in"])

    def __repr__(self):
        layers = ", ".join(map(repr, self.layers))
        return f"Network([{layers}], n_in={self.sizes[0]})"

    def __str__(self):
        return as_text(self)

    @property
    def weight_shapes(self):
        """The shapes of each layer's weights, in order."""
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
        stack = theta.shape[:-1]
        return [
            {
                name: theta[..., place].reshape(stack + shape)
                for name, (place, shape) in places.items()
            }
            for places in self._places
        ]

    def weights(self, theta, name):
        """Return all weights of one name, such as ``"coef"``, layer by layer.

        Weights of layers inside layers, such as ``"0.coef"``, are among them.
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
        """Draw the first weights.

        Parameters
        ----------
        rng : numpy.random.Generator
        dtype : data-type
        X : array of shape (n_samples, n_in), optional
            A batch for layers that start from the data.

        Returns
        -------
        array of shape (n_weights,)
        """
        theta = np.empty(self.n_weights, dtype)
        for layer, n_in, views in zip(
            self.layers, self.sizes, self.split(theta), strict=False
        ):
            weights = layer.init_weights(n_in, rng, dtype, X)
            for name, view in views.items():
                view[...] = weights[name]
            X = None if X is None else layer.forward(views, X)
        return theta

    def forward(self, theta, X, out=None, workspace=None):
        """Return the raw prediction.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array of shape (..., n_samples, n_in)
        out : array of shape (..., n_samples, n_raw), optional
            Where to write it.
        workspace : NetworkWorkspace, optional
            Where the arrays in between live, to be used again by the next call.

        Returns
        -------
        array of shape (..., n_samples, n_raw)
        """
        X = as_type(X, theta.dtype)
        if workspace is None:
            outs = [None] * (len(self.layers) - 1)
        else:
            outs = workspace.hidden("outputs", X.shape[:-1], theta.dtype)
        for layer, weights, array in zip(
            self.layers, self.split(theta), [*outs, out], strict=True
        ):
            X = layer.forward(weights, X, array)
        return X

    def linearize(self, theta, X, rng=None, workspace=None):
        """Evaluate the network together with the Jacobian of every layer.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array of shape (..., n_samples, n_in)
        rng : numpy.random.Generator, optional
            For layers that draw random numbers; without it they predict.
        workspace : NetworkWorkspace, optional
            Where the arrays live, to be used again by the next call.

        Returns
        -------
        Linearization
        """
        workspace = NetworkWorkspace(self) if workspace is None else workspace
        X = as_type(X, theta.dtype)
        outputs, operators = [X], []
        prepared = workspace.prepared(theta, X.shape[-2])
        for layer in prepared:
            X, operator = layer.linearize(X, rng)
            outputs.append(X)
            operators.append(operator)
        return Linearization(outputs, operators, prepared, workspace)

    def second_gradient(self, linearization, tangents, cotangents):
        r"""Return what a product with the Jacobian adds to the reverse pass.

        The number

        .. math:: \sum_{k,s} c_{ks}^T J_s(\theta) t_{ks},

        with J the Jacobian of the raw prediction and both sides held fixed, depends on
        the weights in two ways: through each layer's Jacobian, and through the
        activations at which that is taken. The first gives gradients for the weights;
        the second gives cotangents of the activations, for `gradient` to carry on.

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
            For the weights of each layer; absent where zero.
        """
        added, gradients = {}, []
        outputs, operators = linearization.outputs, linearization.operators
        for index, (at, operator, tangent, cotangent) in enumerate(
            zip(linearization.layers, operators, tangents, cotangents, strict=False)
        ):
            X, output = outputs[index], outputs[index + 1]
            for_input, for_weights = at.layer.second_vjp(
                at.weights, X, output, operator, tangent, cotangent
            )
            gradients.append(for_weights)
            if for_input is not None and index:
                added[index - 1] = for_input
        return added, gradients

    def gradient(self, theta, linearization, cotangent, added=None, out=None):
        """Return the gradient for all weights of a function of the raw prediction.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            At this ``theta``.
        cotangent : array of shape (..., n_samples, n_raw)
            The function's gradient for the raw prediction.
        added : dict of int to array, optional
            Gradients for the outputs of hidden layers, by the layer's index.
        out : array of shape (..., n_weights), optional

        Returns
        -------
        array of shape (..., n_weights)
        """
        leading = cotangent.shape[:-1]
        if theta.ndim > 1:
            stack = np.broadcast_shapes(theta.shape[:-1], leading[:-1])
            leading = *stack, leading[-1]
        if out is None:
            out = np.empty((*leading[:-1], self.n_weights), theta.dtype)
        workspace = linearization.workspace
        arrays, buffer = workspace.hidden("cotangents", leading, theta.dtype), None
        for index, layer, operator, X, gradients, array in zip(
            range(len(self.layers) - 1, -1, -1),
            reversed(linearization.layers),
            reversed(linearization.operators),
            reversed(linearization.outputs[:-1]),
            reversed(workspace.split(out)),
            # The cotangent of the inputs is never asked for.
            [*reversed(arrays), None],
            strict=True,
        ):
            if added and index in added:
                # Only a buffer of this walk may be written to, nothing that was given.
                in_place = cotangent if cotangent is buffer else None
                cotangent = np.add(cotangent, added[index], in_place)
            cotangent = layer.vjp(operator, X, cotangent, gradients, array)
            buffer = array
        return out

    def sample_gradients(self, theta, linearization, cotangent, out=None):
        """Return the gradient for all weights, sample by sample.

        The terms of the sum that `gradient` is.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            At this ``theta``.
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
        for (layer, *at), gradients in zip(
            self._walk_back(theta, linearization, cotangent),
            reversed(self.split(out)),
            strict=True,
        ):
            layer.sample_gradients_at(*at, gradients)
        return out

    def sample_squared_norms(self, theta, linearization, cotangent):
        """Return the squared length of each of `sample_gradients`, unbuilt.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            At this ``theta``.
        cotangent : array of shape (..., n_samples, n_raw)

        Returns
        -------
        array of shape (..., n_samples)
        """
        return sum(
            layer.sample_squared_norms_at(*at)
            for layer, *at in self._walk_back(theta, linearization, cotangent)
        )

    def _walk_back(self, theta, linearization, cotangent):
        """Yield each layer, last one first, and what `weight_vjp_at` takes."""
        walk = cotangents(linearization.operators, cotangent)
        for layer, operator, weights, X, received in zip(
            reversed(self.layers),
            reversed(linearization.operators),
            reversed(self.split(theta)),
            reversed(linearization.outputs[:-1]),
            walk,
            strict=False,
        ):
            X = X.toarray() if issparse(X) else X
            yield layer, operator, weights, X, received

    def weight_jvp(self, theta, linearization, tangent):
        """Carry a tangent of the weights to the raw prediction.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        linearization : Linearization
            At this ``theta``.
        tangent : array of shape (..., n_weights)

        Returns
        -------
        array of shape (..., n_samples, n_raw)
        """
        result = None
        for layer, weights, X, operator, tangents_of_weights in zip(
            self.layers,
            self.split(theta),
            linearization.outputs[:-1],
            linearization.operators,
            self.split(tangent),
            strict=True,
        ):
            if result is not None:
                result = operator.jvp(result)
            if weights:
                own = layer.weight_jvp_at(operator, weights, X, tangents_of_weights)
                result = own if result is None else result + own
        return result

    def input_jacobian(self, theta, X, mode="auto"):
        """Return the Jacobian of the raw prediction for the inputs.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array of shape (..., n_samples, n_in)
        mode : {"auto", "forward", "reverse"}, default="auto"
            The order in which the layers' Jacobians are multiplied; see
            `skjacobnet.accumulation`.

        Returns
        -------
        array of shape (..., n_samples, n_raw, n_in)

        Notes
        -----
        Works on blocks of samples: memory is the result plus one block.
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


def as_type(X, dtype):
    """Return inputs in the type of the weights, as they are where they have it."""
    if type(X) is np.ndarray and X.dtype == dtype:
        return X  # nearly always, in a loop where every microsecond counts
    if not issparse(X):
        X = np.asarray(X)
    return X if X.dtype == dtype else X.astype(dtype)
