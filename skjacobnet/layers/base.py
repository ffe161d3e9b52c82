"""Base classes of layers and of elementwise layers."""

from abc import abstractmethod
from math import prod

import numpy as np

from skjacobnet.core.blocks import passes, rows_of, slices
from skjacobnet.core.component import Component
from skjacobnet.core.workspace import Workspace
from skjacobnet.layers.prepared import (
    PreparedElementwise,
    PreparedLayer,
    write,
)


class Layer(Component):
    r"""Differentiable function of its input and its weights that knows its Jacobian.

    A layer has no state. Its weights are an argument, a dict of arrays.

    Shapes: inputs ``(..., n_samples, n_in)``, outputs ``(..., n_samples, n_out)``.
    Leading axes are free, for the weights too, so that one call serves a stack of
    networks.

    Attributes
    ----------
    penalized : tuple of str
        Names of the weights that regularizers and weight decay act on.
    accepts_sparse : bool
        Whether the input may be a SciPy CSR matrix.
    is_activation : bool
        Whether the output counts as an activation, for penalties on activations.
    linear_initializer : str
        Name of the best initializer for a preceding linear layer.
    gain : float
        Scale of a preceding orthogonal matrix such that both together keep the norm of
        tangents: the inverse of the layer's typical slope. Dimensionless.
    value_range : tuple of float
        Infimum and supremum of the outputs.
    twice_differentiable : bool
        Whether the layer has `second_vjp`, which penalties on the Jacobian need.
    is_random : bool
        Whether `linearize` draws random numbers.
    in_place : bool
        Whether `forward` may write its output over its input. Applies to the declaring
        class only, not to its subclasses.
    inner_layers : tuple of Layer
        Inner layers of a container.
    statistics : tuple of str
        Names of arrays fitted to the data without gradients. Methods receive them in
        `weights`, together with the weights.
    """

    penalized = ()
    accepts_sparse = False
    is_activation = False
    linear_initializer = "glorot_uniform"
    gain = 1.0
    value_range = (-np.inf, np.inf)
    twice_differentiable = False
    is_random = False
    in_place = False
    inner_layers = ()
    statistics = ()

    @property
    def unrolled(self):
        """Layers that replace it in a network: itself, except for `Sequential`."""
        return (self,)

    def settled(self, initializer, activation):
        """Return the layer with its initializers chosen.

        Parameters
        ----------
        initializer : str or Initializer
            Initializer of linear layers with ``"auto"``; ``"auto"`` takes that of the
            activation.
        activation : Layer or None
            Next activation after the output, without weights between.

        Returns
        -------
        layer : Layer
        activation : Layer or None
            Next activation for the preceding layer.
        """
        return self, self if self.is_activation else activation

    def fixed(self, weights):
        """Return the names of the weights that are never trained."""
        return ()

    def inner(self, operator, X):
        """Return the inner layers, each with its input and its operator.

        Parameters
        ----------
        operator : JacobianOperator
            Operator returned by `linearize`.
        X : array of shape (..., n_samples, n_in)
            Input of the layer.

        Returns
        -------
        list of tuple
        """
        return []

    def inner_sizes(self, n_in):
        """Return the width of each inner layer's input for inputs of width `n_in`."""
        return [n_in] * len(self.inner_layers)

    def widths(self, n_in):
        """Return the width of each array that an evaluation allocates, as a list."""
        return [self.output_size(n_in)]

    def output_size(self, n_in):
        """Return the width of the output for inputs of width `n_in`."""
        return n_in

    def weight_shapes(self, n_in):
        """Return the shape of each weight for inputs of width `n_in`, in order."""
        return {}

    def init_weights(self, n_in, rng, dtype, X=None):
        """Draw the initial weights.

        Parameters
        ----------
        n_in : int
        rng : numpy.random.Generator
        dtype : data-type
        X : array of shape (n_samples, n_in), optional
            Batch of inputs, for data-driven initializers.

        Returns
        -------
        dict of str to array
            Empty if the layer has no weights.
        """
        return {}

    def neutral_statistics(self, n_in):
        """Return default statistics for no data, a dict of arrays in float64.

        Parameters
        ----------
        n_in : int

        Returns
        -------
        dict of str to array
            With the names in `statistics`; empty for most layers.
        """
        return {}

    @abstractmethod
    def forward(self, weights, X, out=None):
        """Return the output only, for prediction.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        out : array of shape (..., n_samples, n_out), optional

        Returns
        -------
        array of shape (..., n_samples, n_out)
        """

    @abstractmethod
    def linearize(self, weights, X, *, rng=None, workspace=None):
        """Return the output and its Jacobian with respect to the input.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        rng : numpy.random.Generator, optional
            Generator for layers that draw random numbers; without it they predict.
        workspace : Workspace, optional
            Workspace that holds the arrays of the result. The next call with the same
            workspace overwrites them.

        Returns
        -------
        output : array of shape (..., n_samples, n_out)
        operator : JacobianOperator
            Jacobian. It holds the arrays of the derivative, such as masks.
        """

    def prepare(self, weights, n_samples, workspace):
        """Return the layer prepared for batches of one size.

        Parameters
        ----------
        weights : dict of str to array
            They may change in place later.
        n_samples : int
        workspace : Workspace

        Returns
        -------
        PreparedLayer
            Its methods do the same as `linearize` and `weight_vjp_at`.
        """
        return PreparedLayer(self, weights, workspace)

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        """Return the gradient for each weight, summed over the samples.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        cotangent : array of shape (..., n_samples, n_out)
        out : dict of str to array, optional
            Where to write the gradients.
        workspace : Workspace, optional

        Returns
        -------
        dict of str to array
        """
        return {}

    def weight_vjp_at(
        self, operator, weights, X, cotangent, out=None, *, workspace=None
    ):
        """Return the result of `weight_vjp`, given that of `linearize`.

        Parameters
        ----------
        operator : JacobianOperator
            Operator returned by `linearize`. In a container it holds the outputs of
            inner layers; for all other layers the result is that of `weight_vjp`.
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        cotangent : array of shape (..., n_samples, n_out)
        out : dict of str to array, optional
        workspace : Workspace, optional

        Returns
        -------
        dict of str to array
        """
        return self.weight_vjp(weights, X, cotangent, out, workspace=workspace)

    def sample_gradients(self, weights, X, cotangent, out=None):
        """Return the gradient for each weight and each sample.

        `weight_vjp` is their sum. By default each sample is a separate batch on a
        leading axis.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        cotangent : array of shape (..., n_samples, n_out)
        out : dict of str to array, optional
            Where to write the gradients.

        Returns
        -------
        dict of str to array
            With the axes (..., n_samples) before those of the weight.
        """
        n_in = X.shape[-1]
        shapes = {n: np.shape(a) for n, a in self.neutral_statistics(n_in).items()}
        own_axes = {
            name: (np.newaxis, *(slice(None),) * len(shape))
            for name, shape in {**self.weight_shapes(n_in), **shapes}.items()
        }
        stacked = {name: w[..., *own_axes[name]] for name, w in weights.items()}
        X, cotangent = X[..., np.newaxis, :], cotangent[..., np.newaxis, :]
        return self.weight_vjp(stacked, X, cotangent, out)

    def sample_squared_norms(self, weights, X, cotangent):
        """Return the squared norm of each sample's gradient for all weights.

        By default the gradients are computed in blocks of samples.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        cotangent : array of shape (..., n_samples, n_out)

        Returns
        -------
        array of shape (..., n_samples)
        """
        return squared_norms(self, weights, [(X, cotangent)])

    def sample_gradients_at(self, operator, weights, X, cotangent, out=None):
        """Return the result of `sample_gradients`, given that of `linearize`."""
        return self.sample_gradients(weights, X, cotangent, out)

    def sample_squared_norms_at(self, operator, weights, X, cotangent):
        """Return the result of `sample_squared_norms`, given that of `linearize`."""
        return self.sample_squared_norms(weights, X, cotangent)

    def weight_jvp_at(self, operator, weights, X, tangents):
        """Return the result of `weight_jvp`, given that of `linearize`."""
        return self.weight_jvp(weights, X, tangents)

    def weight_jvp(self, weights, X, tangents):
        """Return the tangent of the output for a tangent of each weight.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        tangents : dict of str to array
            Tangents with the shapes of the weights.

        Returns
        -------
        array of shape (..., n_samples, n_out), or 0.0 without weights
        """
        return 0.0

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        r"""Return the gradient of a product with the Jacobian, a second derivative.

        Of the number

        .. math:: \sum_{k,s} c_{ks}^T J_s t_{ks},

        with tangents t and cotangents c held fixed and J a function of the input and of
        the weights. Its gradients for t and c themselves are ``operator.vjp(c)`` and
        ``operator.jvp(t)``. Only layers with `twice_differentiable` have it; a
        container calls those of its inner layers.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        output : array of shape (..., n_samples, n_out), or None
            With None the layer evaluates it again if necessary.
        operator : JacobianOperator
            `output` and `operator` returned by `linearize` for `weights` and `X`.
        tangent : array of shape (n_pairs, ..., n_samples, n_in)
        cotangent : array of shape (n_pairs, ..., n_samples, n_out)

        Returns
        -------
        for_input : array of shape (..., n_samples, n_in), or None
            None is zero.
        for_weights : dict of str to array
            Summed over the samples. Weights that do not occur in J are omitted.
        """
        raise NotImplementedError(f"{type(self).__name__} has no second_vjp.")


class Elementwise(Layer):
    """Base class of layers that apply one scalar function to each feature.

    A subclass writes `function`, `derivative` and `second_derivative`; the Jacobian is
    a `Diagonal` of derivatives.

    Attributes
    ----------
    kinks : tuple of float
        Inputs at which the derivative jumps. Finite-difference checks avoid them.
    """

    is_activation = True
    kinks = ()
    twice_differentiable = True

    @abstractmethod
    def function(self, x, out=None):
        """Return the function of each element, an array of the shape of `x`."""

    @abstractmethod
    def derivative(self, x, y, out=None):
        """Return the first derivative, given the input `x` and ``y = function(x)``."""

    @abstractmethod
    def second_derivative(self, x, y):
        """Return the second derivative, given `x` and ``y = function(x)``."""

    def function_in(self, workspace, x, out):
        """Return ``function(x, out)``; overridden where a buffer makes it faster."""
        return self.function(x, out)

    def forward(self, weights, X, out=None):
        if out is None:
            return self.function(X)
        for x, y in passes(X, out):
            write(self.function(x, y), y)
        return out

    def linearize(self, weights, X, *, rng=None, workspace=None):
        workspace = Workspace() if workspace is None else workspace
        return PreparedElementwise(self, weights, workspace).linearize(X)

    def prepare(self, weights, n_samples, workspace):
        if not self._keeps(Elementwise, "linearize"):
            return super().prepare(weights, n_samples, workspace)
        return PreparedElementwise(self, weights, workspace)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        output = self.function(X) if output is None else output
        curvature = self.second_derivative(X, output)
        return curvature * _sum_of_products(tangent, cotangent), {}


def add_to(gradients, found):
    """Add the gradients of one dict to those of another."""
    for name, gradient in found.items():
        if name in gradients:
            gradients[name] += gradient
        else:
            gradients[name] = gradient


def squared_norms(layer, weights, applications):
    """Return the squared norm of each sample's gradient, in blocks of samples.

    Parameters
    ----------
    layer : Layer
    weights : dict of str to array
    applications : list of (X, cotangent)
        Arrays at the input and the output of each application of the layer. Gradients
        for the weights are added before the norm is taken.

    Returns
    -------
    array of shape (..., n_samples)
    """
    X, cotangent = applications[0]
    stack = np.broadcast_shapes(X.shape[:-1], cotangent.shape[:-1])
    total = np.zeros(stack, cotangent.dtype)
    n_weights = sum(map(prod, layer.weight_shapes(X.shape[-1]).values()))
    n_arrays = 1 if len(applications) == 1 else 2
    bytes_per_row = n_arrays * n_weights * prod(stack[:-1]) * total.itemsize
    for rows in slices(stack[-1] if n_weights else 0, rows_of(bytes_per_row)):
        sums = {}
        for X, cotangent in applications:
            found = layer.sample_gradients(
                weights, X[..., rows, :], cotangent[..., rows, :]
            )
            add_to(sums, found)
        block = total[..., rows]
        for gradient in sums.values():
            flat = gradient.reshape(*block.shape, -1)
            block += np.vecdot(flat, flat)
    return total


def _sum_of_products(tangent, cotangent):
    """Return the sum over the pairs of their elementwise products."""
    products = tangent * cotangent
    return products[0] if len(products) == 1 else np.sum(products, axis=0)
