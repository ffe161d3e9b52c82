"""The contract of a layer, and the shared half of all elementwise layers."""

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
    r"""A differentiable function of its input and its weights that knows its Jacobian.

    A layer is a value. Its weights come as an argument, a dict of arrays; nothing is
    remembered between calls.

    Shapes: inputs ``(..., n_samples, n_in)``, outputs ``(..., n_samples, n_out)``.
    Leading axes are free, for the weights too, so that one call serves a stack of
    networks.

    Attributes
    ----------
    penalized : tuple of str
        The weights that regularizers and weight decay act on.
    accepts_sparse : bool
        Whether the input may be a SciPy CSR matrix.
    is_activation : bool
        Whether the output counts as an activation, for penalties on activations.
    linear_initializer : str
        Name of the initializer that suits a preceding linear layer.
    gain : float
        Scale of a preceding orthogonal matrix that keeps the length of tangents
        through both: the inverse of the layer's typical slope. Dimensionless.
    value_range : tuple of float
        Infimum and supremum of the outputs.
    twice_differentiable : bool
        Whether `second_vjp` exists, which penalties on the Jacobian need.
    is_random : bool
        Whether `linearize` draws random numbers.
    in_place : bool
        Whether `forward` may write its output over its input. Holds for the very class
        that says so, not for its subclasses.
    inner_layers : tuple of Layer
        The layers inside, for those that consist of layers.
    statistics : tuple of str
        Names of arrays that the layer learns from the data without gradients. Methods
        receive them in `weights`, together with the weights.
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
        """The layers that it stands for in a network: itself, for nearly all."""
        return (self,)

    def settled(self, initializer, activation):
        """Return the layer with its initializers chosen.

        Parameters
        ----------
        initializer : str or Initializer
            For linear layers that name none; ``"auto"`` asks the activation.
        activation : Layer or None
            The activation that the output meets next, with no weights between.

        Returns
        -------
        layer : Layer
        activation : Layer or None
            The same for the preceding layer.
        """
        return self, self if self.is_activation else activation

    def fixed(self, weights):
        """Return the names of those weights, a dict, that are never trained."""
        return ()

    def inner(self, operator, X):
        """Return the layers inside, each with its input and its operator.

        Parameters
        ----------
        operator : JacobianOperator
            What `linearize` returned.
        X : array of shape (..., n_samples, n_in)
            What it was given.

        Returns
        -------
        list of tuple
        """
        return []

    def inner_sizes(self, n_in):
        """Return the width of each inner layer's input for inputs of width `n_in`."""
        return [n_in] * len(self.inner_layers)

    def widths(self, n_in):
        """Return the width of each array that an evaluation makes, as a list."""
        return [self.output_size(n_in)]

    def output_size(self, n_in):
        """Return the width of the output for inputs of width `n_in`."""
        return n_in

    def weight_shapes(self, n_in):
        """Return the shape of each weight for inputs of width `n_in`, in order."""
        return {}

    def init_weights(self, n_in, rng, dtype, X=None):
        """Draw the first weights.

        Parameters
        ----------
        n_in : int
        rng : numpy.random.Generator
        dtype : data-type
        X : array of shape (n_samples, n_in), optional
            A batch of inputs, for starts that depend on the data.

        Returns
        -------
        dict of str to array
            Empty when the layer has no weights.
        """
        return {}

    def neutral_statistics(self, n_in):
        """Return statistics that stand for no data, a dict of arrays in float64.

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
        """Return the output alone, for prediction.

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
        """Return the output and the Jacobian of the output for the input.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        rng : numpy.random.Generator, optional
            For layers that draw random numbers; without it they predict.
        workspace : Workspace, optional
            Where the arrays of the result live. They are overwritten by the next call
            with the same workspace.

        Returns
        -------
        output : array of shape (..., n_samples, n_out)
        operator : JacobianOperator
            It carries what the derivative needs, such as masks.
        """

    def prepare(self, weights, n_samples, workspace):
        """Return the layer made ready for batches of one size.

        Parameters
        ----------
        weights : dict of str to array
            They may change in place later.
        n_samples : int
        workspace : Workspace

        Returns
        -------
        PreparedLayer
            It does what `linearize` and `weight_vjp_at` do.
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
        """Return what `weight_vjp` does, where `linearize` has been already.

        Parameters
        ----------
        operator : JacobianOperator
            What `linearize` returned. A layer that consists of layers finds there what
            happened inside; for all others this is `weight_vjp`.
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
        """Return the gradient for each weight, sample by sample.

        The terms of the sum that `weight_vjp` is. By default each sample is a batch of
        its own on a leading axis.

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
        """Return the squared length of each sample's gradient for all weights.

        By default the gradients are built for a few samples at a time.

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
        """Return what `sample_gradients` does, as `weight_vjp_at` does."""
        return self.sample_gradients(weights, X, cotangent, out)

    def sample_squared_norms_at(self, operator, weights, X, cotangent):
        """Return what `sample_squared_norms` does, as `weight_vjp_at` does."""
        return self.sample_squared_norms(weights, X, cotangent)

    def weight_jvp_at(self, operator, weights, X, tangents):
        """Return what `weight_jvp` does, as `weight_vjp_at` does."""
        return self.weight_jvp(weights, X, tangents)

    def weight_jvp(self, weights, X, tangents):
        """Return the tangent of the output for a tangent of each weight.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        tangents : dict of str to array
            Of the shapes of the weights.

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
        ``operator.jvp(t)``. Only layers that are `twice_differentiable` have it; one
        that is made of other layers has it by calling theirs.

        Parameters
        ----------
        weights : dict of str to array
        X : array of shape (..., n_samples, n_in)
        output : array of shape (..., n_samples, n_out), or None
            None lets the layer evaluate it again, if it needs it.
        operator : JacobianOperator
            Both as `linearize` returned them for `weights` and `X`.
        tangent : array of shape (n_pairs, ..., n_samples, n_in)
        cotangent : array of shape (n_pairs, ..., n_samples, n_out)

        Returns
        -------
        for_input : array of shape (..., n_samples, n_in), or None
            None stands for zeros.
        for_weights : dict of str to array
            Summed over the samples. Weights that do not occur in J are left out.
        """
        raise NotImplementedError(f"{type(self).__name__} has no second_vjp.")


class Elementwise(Layer):
    """A layer that applies one scalar function to each feature.

    A subclass writes `function`, `derivative` and `second_derivative`; the Jacobian is
    a `Diagonal` of derivatives.

    Attributes
    ----------
    kinks : tuple of float
        Inputs where the derivative jumps. Checks by finite differences keep clear of
        them.
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
        """Return ``function(x, out)``, for those that are faster with a buffer."""
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
    """Return the squared length of each sample's gradient, a few samples at a time.

    Parameters
    ----------
    layer : Layer
    weights : dict of str to array
    applications : list of (X, cotangent)
        At the input and the output of each application of the layer. What these give
        for the weights is added before the length is taken.

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
