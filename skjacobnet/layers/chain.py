"""Chains of layers, shared by networks and sequential containers."""

from itertools import accumulate as running_total

import numpy as np

from skjacobnet.layers.prepared import PreparedLayer
from skjacobnet.operators.chain_rule import cotangents


class Chain:
    """Layers applied one after another.

    Weights are a list with a dict for each step. Two steps with the same dict share
    their weights. `outputs` are the input and each layer's output; `operators` are the
    Jacobians, in the order in which the layers are applied.

    Parameters
    ----------
    layers : sequence of Layer
        One for each step.
    """

    __slots__ = ("layers",)

    def __init__(self, layers):
        self.layers = tuple(layers)

    def sizes(self, n_in):
        """Return the width of the input and of each layer's output, as a tuple."""
        return tuple(
            running_total(
                self.layers,
                lambda width, layer: layer.output_size(width),
                initial=n_in,
            )
        )

    def widths(self, n_in):
        """Return the width of each array that an evaluation allocates, as a list."""
        steps = zip(self.layers, self.sizes(n_in), strict=False)
        return [width for layer, n in steps for width in layer.widths(n)]

    def init_weights(self, n_in, rng, dtype, X=None, statistics=None):
        """Draw the initial weights of each layer, given the batch at its input.

        Statistics are the default ones for no data unless given.
        """
        weights, sizes = [], self.sizes(n_in)
        if statistics is None:
            neutral = [
                layer.neutral_statistics(width)
                for layer, width in zip(self.layers, sizes, strict=False)
            ]
            statistics = [
                {name: array.astype(dtype) for name, array in own.items()}
                for own in neutral
            ]
        steps = zip(self.layers, sizes, statistics, strict=False)
        for layer, width, known in steps:
            weights.append(layer.init_weights(width, rng, dtype, X))
            X = None if X is None else layer.forward({**weights[-1], **known}, X)
        return weights

    def forward(self, weights, X, out=None, hidden=None):
        """Return the last output, and write the others to `hidden`, if given."""
        arrays = [None] * (len(self.layers) - 1) if hidden is None else hidden
        steps = zip(self.layers, weights, [*arrays, out], strict=True)
        for layer, own, array in steps:
            X = layer.forward(own, X, array)
        return X

    def prepare(self, weights, n_samples, workspace):
        """Return the chain prepared for batches of one size."""
        layers = prepare_each(self.layers, weights, n_samples, workspace)
        return PreparedChain(layers, workspace)

    def received(self, operators, inputs, cotangent):
        """Yield the input and the cotangent of each layer, the last first.

        Parameters
        ----------
        operators : list of JacobianOperator
        inputs : list of array
            Input of each layer.
        cotangent : array of shape (..., n_samples, n_out)

        Yields
        ------
        step : int
        operator : JacobianOperator
        X, cotangent : array
            At the input and the output of the layer.
        """
        yield from zip(
            range(len(self.layers) - 1, -1, -1),
            reversed(operators),
            reversed(inputs),
            cotangents(operators, cotangent),
            strict=False,
        )

    def second_vjp(self, weights, outputs, operators, tangents, cotangents):
        """Return the results of `Layer.second_vjp`, layer by layer.

        Parameters
        ----------
        weights : list of dict of str to array
        outputs : list of array
        operators : list of JacobianOperator
        tangents : iterable of array of shape (n_pairs, ..., n_samples, width)
            At the input of each layer, in order of the layers.
        cotangents : iterable of array of shape (n_pairs, ..., n_samples, width)
            At the output of each layer, in order of the layers.

        Returns
        -------
        for_input : array of shape (..., n_samples, n_in), or None
            Result of the first layer for its input.
        added : dict of int to array
            Results of the other layers: cotangents of the outputs of preceding layers,
            by step. `PreparedChain.vjp` backpropagates them.
        gradients : list of dict of str to array
        """
        added, gradients = {}, []
        for step, (layer, own, operator, tangent, cotangent) in enumerate(
            zip(self.layers, weights, operators, tangents, cotangents, strict=False)
        ):
            X, output = outputs[step], outputs[step + 1]
            at_input, found = layer.second_vjp(
                own, X, output, operator, tangent, cotangent
            )
            gradients.append(found)
            if at_input is not None:
                added[step - 1] = at_input
        return added.pop(-1, None), added, gradients

    def weight_jvp(self, weights, inputs, operators, tangents):
        """Return the output's tangent for one of the weights; 0.0 without weights."""
        total = None
        for layer, own, X, operator, own_tangents in zip(
            self.layers, weights, inputs, operators, tangents, strict=True
        ):
            if total is not None:
                total = operator.jvp(total)
            if own_tangents:
                found = layer.weight_jvp_at(operator, own, X, own_tangents)
                total = found if total is None else total + found
        return 0.0 if total is None else total


class PreparedChain:
    """Chain of layers prepared for batches of one size.

    Parameters
    ----------
    layers : list of PreparedLayer
    workspace : Workspace
        Workspace that holds the cotangents between the layers.
    """

    __slots__ = ("arrays", "first", "layers")

    def __init__(self, layers, workspace):
        self.layers = layers
        trained = (
            step
            for step, prepared in enumerate(layers)
            if has_weights(prepared.layer, prepared.weights)
        )
        self.first = next(trained, len(layers))
        self.arrays = workspace.setdefault("cotangents", {})

    def linearize(self, X, rng=None):
        """Return the input with each layer's output, and each layer's Jacobian.

        Returns
        -------
        outputs : list of array
        operators : list of JacobianOperator
        """
        outputs, operators = [X], []
        for layer in self.layers:
            X, operator = layer.linearize(X, rng)
            outputs.append(X)
            operators.append(operator)
        return outputs, operators

    def vjp(self, operators, outputs, cotangent, gradients, out=None, added=None):
        """Backpropagate a cotangent to the weights of all layers and to the input.

        Parameters
        ----------
        operators : list of JacobianOperator
            If there are fewer than layers, backpropagation starts at the last of them.
        outputs : list of array
            `operators` and `outputs` returned by `linearize`.
        cotangent : array of shape (..., n_samples, n_out)
        gradients : list of dict of str to array
            Arrays for the gradient of each weight, for each step.
        out : array of shape (..., n_samples, n_in), optional
            Array for the cotangent of the input, which is not computed without it.
        added : dict of int to array, optional
            Further cotangents of the layers' outputs, by step.

        Returns
        -------
        array of shape (..., n_samples, n_in) or None
        """
        arrays, buffer = self._arrays(cotangent, outputs, len(operators)), None
        # Without `out` nothing before the first weights is needed.
        end = self.first if out is None else 0
        for step in range(len(operators) - 1, end - 1, -1):
            if added and step in added:
                # Only a buffer of this method may be overwritten, no argument.
                in_place = cotangent if cotangent is buffer else None
                cotangent = np.add(cotangent, added[step], in_place)
            buffer = arrays[step - 1] if step > end else out
            cotangent = self.layers[step].vjp(
                operators[step], outputs[step], cotangent, gradients[step], buffer
            )
        return cotangent if end < len(operators) else None

    def _arrays(self, cotangent, outputs, n_steps):
        """Return an array for the cotangent of each hidden output."""
        found = self.arrays.get(cotangent.shape)
        if found is None:
            hidden, value = outputs[1:n_steps], outputs[n_steps]
            leading = np.broadcast_shapes(cotangent.shape, value.shape)[:-1]
            found = [np.empty((*leading, y.shape[-1]), value.dtype) for y in hidden]
            self.arrays[cotangent.shape] = found
        return found


def has_weights(layer, arrays):
    """Whether the arrays of a layer contain weights, not only statistics."""
    return bool(arrays.keys() - layer.statistics)


def prepare_each(layers, weights, n_samples, workspace):
    """Prepare layers, each with a dict of weights, for backpropagation.

    Gradients of layers with the same dict are added.

    Returns
    -------
    list of PreparedLayer
    """
    found = []
    for step, (layer, own) in enumerate(zip(layers, weights, strict=True)):
        # A layer applied twice has two outputs, so two workspaces.
        prepared = layer.prepare(own, n_samples, workspace.part(step))
        if any(own is later for later in weights[step + 1 :]):
            prepared = _Shared(prepared, workspace)
        found.append(prepared)
    return found


class _Shared(PreparedLayer):
    """Prepared layer that shares its weights with a later step of the chain.

    Parameters
    ----------
    prepared : PreparedLayer
    workspace : Workspace
        Workspace of the chain: all steps with these weights use the same arrays.
    """

    __slots__ = ("last", "prepared")

    def __init__(self, prepared, workspace):
        super().__init__(prepared.layer, prepared.weights, workspace)
        self.prepared = prepared
        self.last = None, None

    def linearize(self, X, rng=None):
        return self.prepared.linearize(X, rng)

    def vjp(self, operator, X, cotangent, gradients, out=None):
        known, own = self.last
        if known is not gradients:
            array = self.workspace.array
            own = {
                n: array(("shared", n), g.shape, g.dtype) for n, g in gradients.items()
            }
            self.last = gradients, own
        cotangent = self.prepared.vjp(operator, X, cotangent, own, out)
        for name, gradient in own.items():
            gradients[name] += gradient
        return cotangent
