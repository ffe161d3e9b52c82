"""The contract of a layer, and the shared half of all elementwise layers."""

from abc import abstractmethod

import numpy as np

from skjacobnet._component import Component
from skjacobnet._workspace import Workspace
from skjacobnet.operators import Diagonal


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
    is_random : bool
        Whether `linearize` draws random numbers.
    parts : tuple of Layer
        The layers inside, for those that consist of layers.
    """

    penalized = ()
    accepts_sparse = False
    is_activation = False
    linear_initializer = "glorot_uniform"
    gain = 1.0
    value_range = (-np.inf, np.inf)
    is_random = False
    parts = ()

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
            The same for the layer in front of this one.
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

    def widest(self, n_in):
        """Return the width of the widest array between input and output."""
        return max(n_in, self.output_size(n_in))

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
