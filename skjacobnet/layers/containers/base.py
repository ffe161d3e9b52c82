"""Base class of containers."""

from abc import abstractmethod
from collections import defaultdict

import numpy as np

from skjacobnet.core.blocks import rows_of, slices
from skjacobnet.core.workspace import Workspace
from skjacobnet.layers.base import Layer, squared_norms
from skjacobnet.layers.chain import has_weights, prepare_each
from skjacobnet.layers.prepared import PreparedLayer


class Container(Layer):
    """Base class of layers that contain other layers.

    The weights of all inner layers are in one dict, their names prefixed by the layer's
    position: ``"0.coef"`` is the ``coef`` of the first one. Their statistics have such
    names as well. An inner layer receives a dict with unprefixed names. The operator of
    a container holds those of its inner layers.

    Attributes
    ----------
    holds : str
        Name of the parameter with the inner layer, or the list of them.
    """

    holds = "layers"

    @property
    def inner_layers(self):
        """Inner layers, with names resolved."""
        held = getattr(self, self.holds)
        held = held if isinstance(held, list | tuple) else [held]
        return tuple(
            layer if isinstance(layer, Layer) else _family().make(layer)
            for layer in held
        )

    @property
    def steps(self):
        """Inner layers in the order of application, repeated ones included."""
        return self.inner_layers

    def with_inner_layers(self, layers):
        """Return the same container with other layers."""
        params = self.get_params(deep=False)
        several = isinstance(params[self.holds], list | tuple)
        held = list(layers) if several else layers[0]
        return type(self)(**params | {self.holds: held})

    def validate(self):
        super().validate()
        held = getattr(self, self.holds)
        label = f"{type(self).__name__}: {self.holds}"
        if self.holds == "layer":
            _family().resolve(held, label)
            return
        if not isinstance(held, list | tuple):
            raise TypeError(
                f"{label} must be a list of layers, such as [Linear(30), 'relu'], got "
                f"{held!r}."
            )
        if not held:
            raise ValueError(f"{label} must have at least one layer, got {held!r}.")
        for position, layer in enumerate(held):
            _family().resolve(layer, f"{label}[{position}]")

    @property
    def is_random(self):
        """Whether one of the inner layers draws random numbers."""
        return any(layer.is_random for layer in self.inner_layers)

    @property
    def twice_differentiable(self):
        """Whether all inner layers are twice differentiable."""
        return all(layer.twice_differentiable for layer in self.inner_layers)

    @property
    def penalized(self):
        """Names of the weights that regularizers and weight decay act on."""
        return tuple(
            f"{position}.{name}"
            for position, layer in enumerate(self.inner_layers)
            for name in layer.penalized
        )

    @property
    def statistics(self):
        """Names of the arrays that inner layers fit without gradients."""
        return tuple(
            f"{position}.{name}"
            for position, layer in enumerate(self.inner_layers)
            for name in layer.statistics
        )

    def neutral_statistics(self, n_in):
        sizes = zip(self.inner_layers, self.inner_sizes(n_in), strict=True)
        statistics = {}
        for position, (layer, width) in enumerate(sizes):
            statistics |= prefixed(position, layer.neutral_statistics(width))
        return statistics

    def fixed(self, weights):
        pairs = zip(self.inner_layers, self.split(weights), strict=True)
        return tuple(
            f"{position}.{name}"
            for position, (layer, own) in enumerate(pairs)
            for name in layer.fixed(own)
        )

    def widths(self, n_in):
        sizes = zip(self.inner_layers, self.inner_sizes(n_in), strict=True)
        inside = [width for layer, n in sizes for width in layer.widths(n)]
        return [*inside, self.output_size(n_in)]

    def weight_shapes(self, n_in):
        sizes = zip(self.inner_layers, self.inner_sizes(n_in), strict=True)
        shapes = {}
        for position, (layer, width) in enumerate(sizes):
            shapes |= prefixed(position, layer.weight_shapes(width))
        return shapes

    def init_weights(self, n_in, rng, dtype, X=None):
        weights = {}
        for position, layer in enumerate(self.inner_layers):
            weights |= prefixed(position, layer.init_weights(n_in, rng, dtype, X))
        return weights

    @abstractmethod
    def prepare_inside(self, weights, n_samples, workspace):
        """Return the result of `prepare`, if no subclass overrides methods.

        Parameters
        ----------
        weights : dict of str to array
        n_samples : int
        workspace : Workspace

        Returns
        -------
        PreparedContainer
        """

    def prepare(self, weights, n_samples, workspace):
        if self._keeps(Container, "linearize", "weight_vjp_at"):
            return self.prepare_inside(weights, n_samples, workspace)
        return super().prepare(weights, n_samples, workspace)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        workspace = Workspace() if workspace is None else workspace
        return self.prepare_inside(weights, X.shape[-2], workspace).linearize(X, rng)

    @abstractmethod
    def inner(self, operator, X):
        pass

    @abstractmethod
    def received(self, operator, X, cotangent):
        """Yield the input and cotangent of each inner layer, the last first.

        Parameters
        ----------
        operator : JacobianOperator
            Operator returned by `linearize`.
        X : array of shape (..., n_samples, n_in)
        cotangent : array of shape (..., n_samples, n_out)

        Yields
        ------
        position : int
            Repeated for a layer applied again.
        operator : JacobianOperator
        X, cotangent : array
            At the input and the output of the inner layer.
        """

    def applied(self, operator, weights, X, cotangent):
        """Yield each application of an innermost layer that has weights.

        Yields
        ------
        prefix : str
            Prefix of the names of its weights, such as ``"2.0."``; repeated for a layer
            applied again.
        layer : Layer
        operator, weights, X, cotangent
            Arguments of `sample_gradients_at`.
        """
        layers, own = self.inner_layers, self.split(weights)
        for position, *at in self.received(operator, X, cotangent):
            layer, (inner, *ends) = layers[position], at
            if not has_weights(layer, own[position]):
                continue
            found = [("", layer, inner, own[position], *ends)]
            if isinstance(layer, Container):
                found = layer.applied(inner, own[position], *ends)
            for prefix, *application in found:
                yield f"{position}.{prefix}", *application

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        # Not into the workspace, which may hold draws of an earlier call.
        _, operator = self.linearize(weights, X)
        return self.weight_vjp_at(
            operator, weights, X, cotangent, out, workspace=workspace
        )

    def weight_vjp_at(
        self, operator, weights, X, cotangent, out=None, *, workspace=None
    ):
        out = self.zeros(weights, X, cotangent) if out is None else out
        workspace = Workspace() if workspace is None else workspace
        prepared = self.prepare_inside(weights, X.shape[-2], workspace)
        prepared.vjp(operator, X, cotangent, out)
        return out

    def sample_gradients(self, weights, X, cotangent, out=None):
        _, operator = self.linearize(weights, X)
        return self.sample_gradients_at(operator, weights, X, cotangent, out)

    def sample_gradients_at(self, operator, weights, X, cotangent, out=None):
        if out is None:
            out = self.zeros(weights, X, cotangent, for_samples=True)
        missing = set(out)
        for prefix, layer, inner, own, *ends in self.applied(
            operator, weights, X, cotangent
        ):
            # Statistics have no gradients.
            arrays = {n: out[prefix + n] for n in own if n not in layer.statistics}
            names = {prefix + name for name in arrays}
            if names <= missing:
                layer.sample_gradients_at(inner, own, *ends, arrays)
            else:
                _add_by_rows(arrays, layer, own, *ends)
            missing -= names
        for name in missing:
            out[name][...] = 0.0
        return out

    def sample_squared_norms(self, weights, X, cotangent):
        _, operator = self.linearize(weights, X)
        return self.sample_squared_norms_at(operator, weights, X, cotangent)

    def sample_squared_norms_at(self, operator, weights, X, cotangent):
        stack = np.broadcast_shapes(X.shape[:-1], cotangent.shape[:-1])
        total = np.zeros(stack, cotangent.dtype)
        applications = defaultdict(list)
        for prefix, *at in self.applied(operator, weights, X, cotangent):
            applications[prefix].append(at)
        for at, *others in applications.values():
            layer, inner, own, *ends = at
            if others:
                # Their gradients are added before the norm is taken.
                pairs = [ends, *(other[-2:] for other in others)]
                total += squared_norms(layer, own, pairs)
            else:
                total += layer.sample_squared_norms_at(inner, own, *ends)
        return total

    def weight_jvp(self, weights, X, tangents):
        _, operator = self.linearize(weights, X)
        return self.weight_jvp_at(operator, weights, X, tangents)

    @abstractmethod
    def weight_jvp_at(self, operator, weights, X, tangents):
        pass

    @abstractmethod
    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        pass

    def split(self, arrays):
        """Return a dict for each inner layer, with unprefixed names."""
        count = 1 if self.holds == "layer" else len(self.layers)
        split = [{} for _ in range(count)]
        for name, array in arrays.items():
            position, _, own_name = name.partition(".")
            split[int(position)][own_name] = array
        return split

    def split_steps(self, arrays):
        """Return a dict for each step, the same dict for a layer applied again."""
        return self.split(arrays)

    def zeros(self, weights, X, cotangent, for_samples=False):
        """Return zeros for the gradient of each weight, or of each sample's."""
        shapes = self.weight_shapes(X.shape[-1])
        stacks = [weights[n].shape[: weights[n].ndim - len(shapes[n])] for n in shapes]
        stack = np.broadcast_shapes(X.shape[:-2], cotangent.shape[:-2], *stacks)
        if for_samples:
            stack = *stack, X.shape[-2]
        return {n: np.zeros((*stack, *shapes[n]), cotangent.dtype) for n in shapes}


class PreparedContainer(PreparedLayer):
    """Prepared container with prepared inner layers.

    Results for the same objects are cached, since these rarely change.

    Parameters
    ----------
    layer : Container
    weights : dict of str to array
    n_samples : int
    workspace : Workspace
    """

    __slots__ = ("inner", "last_operators", "last_split")

    def __init__(self, layer, weights, n_samples, workspace):
        super().__init__(layer, weights, workspace)
        own = layer.split_steps(weights)
        self.inner = prepare_each(layer.steps, own, n_samples, workspace)
        self.last_split = self.last_operators = None, None

    def split(self, gradients):
        """Return a dict for each step."""
        known, split = self.last_split
        if known is not gradients:
            split = self.layer.split_steps(gradients)
            self.last_split = gradients, split
        return split

    def operator(self, operators, make):
        """Return ``make(operators)``, cached for the last operators."""
        known, operator = self.last_operators
        if known != operators:  # compares them by identity
            operator = make(operators)
            self.last_operators = operators, operator
        return operator


def _add_by_rows(arrays, layer, weights, X, cotangent):
    """Add the gradients of a layer for single rows, in blocks of rows."""
    shapes, n_rows = layer.weight_shapes(X.shape[-1]), X.shape[-2]
    bytes_per_row = sum(array.nbytes for array in arrays.values()) // n_rows
    for rows in slices(n_rows, rows_of(bytes_per_row)):
        found = layer.sample_gradients(
            weights, X[..., rows, :], cotangent[..., rows, :]
        )
        for name, gradient in found.items():
            own_axes = (slice(None),) * len(shapes[name])
            arrays[name][..., rows, *own_axes] += gradient


def prefixed(position, arrays):
    """Return the arrays of one inner layer under the container's names."""
    return {f"{position}.{name}": array for name, array in arrays.items()}


def _family():
    # Imported in the call: the containers are members of the family.
    from skjacobnet.layers import LAYERS

    return LAYERS
