"""The contract of a layer, and the shared half of all elementwise layers."""

from abc import abstractmethod
from math import prod

import numpy as np

from skjacobnet._component import Component
from skjacobnet._workspace import Workspace
from skjacobnet.operators import Diagonal

# Gradients of single samples are reduced after so many numbers.
BLOCK_NUMBERS = 2**17


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
        Name of the initializer that suits a linear layer in front of this one.
    gain : float
        Scale of an orthogonal matrix in front of this layer that keeps the length of
        tangents through both: the inverse of the layer's typical slope. Dimensionless.
    value_range : tuple of float
        Infimum and supremum of the outputs.
    """

    penalized = ()
    accepts_sparse = False
    is_activation = False
    linear_initializer = "glorot_uniform"
    gain = 1.0
    value_range = (-np.inf, np.inf)

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
            With the axes (..., n_samples) in front of those of the weight.
        """
        own_axes = {
            name: (np.newaxis, *(slice(None),) * len(shape))
            for name, shape in self.weight_shapes(X.shape[-1]).items()
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
        stack = np.broadcast_shapes(X.shape[:-1], cotangent.shape[:-1])
        total = np.zeros(stack, cotangent.dtype)
        n_weights = sum(map(prod, self.weight_shapes(X.shape[-1]).values()))
        if not n_weights:
            return total
        block = max(1, BLOCK_NUMBERS // (n_weights * prod(stack[:-1])))
        for start in range(0, stack[-1], block):
            rows = slice(start, start + block)
            gradients = self.sample_gradients(
                weights, X[..., rows, :], cotangent[..., rows, :]
            )
            part = total[..., rows]
            for gradient in gradients.values():
                squares = np.square(gradient).reshape(*part.shape, -1)
                part += squares.sum(axis=-1)
        return total

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
        return self.function(X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        workspace = Workspace() if workspace is None else workspace
        output, slope = workspace.arrays(("output", "derivative"), X.shape, X.dtype)
        output = self.function_in(workspace, X, output)
        return output, Diagonal(self.derivative(X, output, slope))
