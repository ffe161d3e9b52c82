"""Layers in a row: what a network and the containers that hold a row share."""

from itertools import accumulate as running_total

import numpy as np

from skjacobnet.layers.prepared import PreparedLayer
from skjacobnet.operators.chain_rule import cotangents


class Chain:
    """Layers that are applied one after the other.

    Weights are given as a list, a dict for each step. Two steps that are given the same
    dict share their weights. `outputs` are the input and each layer's output;
    `operators` are the Jacobians, in the order in which the layers are applied.

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
        """Return the width of each array that an evaluation makes, as a list."""
        steps = zip(self.layers, self.sizes(n_in), strict=False)
        return [width for layer, n in steps for width in layer.widths(n)]

    def init_weights(self, n_in, rng, dtype, X=None, statistics=None):
        """Draw the first weights of each layer, given the batch that reaches it.

        Statistics are those that stand for no data, unless there are others.
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
        """Return the last output, with the others written to `hidden`, if given."""
        arrays = [None] * (len(self.layers) - 1) if hidden is None else hidden
        steps = zip(self.layers, weights, [*arrays, out], strict=True)
        for layer, own, array in steps:
            X = layer.forward(own, X, array)
        return X

    def prepare(self, weights, n_samples, workspace):
        """Return the chain made ready for batches of one size."""
        layers = prepare_each(self.layers, weights, n_samples, workspace)
        return PreparedChain(layers, workspace)

    def received(self, operators, inputs, cotangent):
        """Yield what reaches each layer on the way back, the last one first.

        Parameters
        ----------
        operators : list of JacobianOperator
        inputs : list of array
            What each layer was given.
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
        """Return what `Layer.second_vjp` gives, layer by layer.

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
            What the first layer gives for its input.
        added : dict of int to array
            What the others give, cotangents of the outputs of the layers before them,
            by the step. `PreparedChain.vjp` carries them on.
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
        """Carry a tangent of the weights to the output; 0.0 without weights."""
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
    """Layers in a row, made ready for batches of one size.

    Parameters
    ----------
    layers : list of PreparedLayer
    workspace : Workspace
        Where the cotangents between the layers live.
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
        """Return the input and each layer's output, and each layer's Jacobian.

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
        """Carry a cotangent back to the weights of all layers and to the input.

        Parameters
        ----------
        operators : list of JacobianOperator
            If there are fewer than layers, the walk begins at the last one of them.
        outputs : list of array
            Both as `linearize` returned them.
        cotangent : array of shape (..., n_samples, n_out)
        gradients : list of dict of str to array
            Where the gradient for each weight is written, for each step.
        out : array of shape (..., n_samples, n_in), optional
            Where to write the cotangent of the input, which is not computed without.
        added : dict of int to array, optional
            Further cotangents of the layers' outputs, by the step.

        Returns
        -------
        array of shape (..., n_samples, n_in) or None
        """
        arrays, buffer = self._arrays(cotangent, outputs, len(operators)), None
        # Without `out` nothing before the first weights is asked for.
        end = self.first if out is None else 0
        for step in range(len(operators) - 1, end - 1, -1):
            if added and step in added:
                # Only a buffer of this walk may be written to, nothing that was given.
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
    """Whether there are weights of a layer among its arrays, not only statistics."""
    return bool(arrays.keys() - layer.statistics)


def prepare_each(layers, weights, n_samples, workspace):
    """Prepare layers, each with a dict of weights, for one walk back after the other.

    Where two are given the same dict, their gradients are added.

    Returns
    -------
    list of PreparedLayer
    """
    found = []
    for step, (layer, own) in enumerate(zip(layers, weights, strict=True)):
        # A layer that is applied twice has two outputs, so two workspaces.
        prepared = layer.prepare(own, n_samples, workspace.part(step))
        if any(own is later for later in weights[step + 1 :]):
            prepared = _Shared(prepared, workspace)
        found.append(prepared)
    return found


class _Shared(PreparedLayer):
    """A prepared layer whose weights a later step of the chain also has.

    Parameters
    ----------
    prepared : PreparedLayer
    workspace : Workspace
        Of the chain: all steps with these weights use the same arrays.
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
