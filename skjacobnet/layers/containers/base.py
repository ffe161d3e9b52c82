"""What layers that consist of layers share."""

from abc import abstractmethod

import numpy as np

from skjacobnet.layers.base import Layer


class Container(Layer):
    """A layer that consists of layers.

    The weights of all parts are in one dict, their names prefixed by the part's
    position: ``"0.coef"`` is the ``coef`` of the first part. A part sees a dict of its
    own names. The operator of a container carries those of its parts.

    Attributes
    ----------
    holds : str
        The parameter that has the part, or the list of parts.
    """

    holds = "layers"

    @property
    def parts(self):
        """The layers inside, names among them turned into layers."""
        held = getattr(self, self.holds)
        held = held if isinstance(held, list | tuple) else [held]
        return tuple(p if isinstance(p, Layer) else _family().make(p) for p in held)

    def with_parts(self, parts):
        """Return the same container of other parts."""
        params = self.get_params(deep=False)
        several = isinstance(params[self.holds], list | tuple)
        return type(self)(**params | {self.holds: list(parts) if several else parts[0]})

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
        for position, part in enumerate(held):
            _family().resolve(part, f"{label}[{position}]")

    @property
    def is_random(self):
        """Whether one of the parts draws random numbers."""
        return any(part.is_random for part in self.parts)

    @property
    def twice_differentiable(self):
        """Whether all parts are."""
        return all(part.twice_differentiable for part in self.parts)

    @property
    def penalized(self):
        """The weights that regularizers and weight decay act on."""
        return tuple(
            f"{position}.{name}"
            for position, part in enumerate(self.parts)
            for name in part.penalized
        )

    def fixed(self, weights):
        split = zip(self.parts, self._split(weights), strict=True)
        return tuple(
            f"{position}.{name}"
            for position, (part, own) in enumerate(split)
            for name in part.fixed(own)
        )

    def widths(self, n_in):
        sizes = zip(self.parts, self.part_sizes(n_in), strict=True)
        inside = [width for part, n in sizes for width in part.widths(n)]
        return [*inside, self.output_size(n_in)]

    def weight_shapes(self, n_in):
        sizes = zip(self.parts, self.part_sizes(n_in), strict=True)
        shapes = {}
        for position, (part, width) in enumerate(sizes):
            shapes |= prefixed(position, part.weight_shapes(width))
        return shapes

    def init_weights(self, n_in, rng, dtype, X=None):
        weights = {}
        for position, part in enumerate(self.parts):
            own = part.init_weights(n_in, rng, dtype, X)
            weights |= prefixed(position, own)
        return weights

    @abstractmethod
    def inner(self, operator, X):
        pass

    @abstractmethod
    def received(self, operator, X, cotangent):
        """Yield what reaches each part on the way back, the last one first.

        Parameters
        ----------
        operator : JacobianOperator
            What `linearize` returned.
        X : array of shape (..., n_samples, n_in)
        cotangent : array of shape (..., n_samples, n_out)

        Yields
        ------
        position : int
            The same one again for a part that is applied again.
        operator : JacobianOperator
        X, cotangent : array
            At the input and the output of the part.
        """

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        # Not into the workspace, which may hold what an earlier call has drawn.
        _, operator = self.linearize(weights, X)
        return self.weight_vjp_at(
            operator, weights, X, cotangent, out, workspace=workspace
        )

    def weight_vjp_at(
        self, operator, weights, X, cotangent, out=None, *, workspace=None
    ):
        def gradients(position, part, *given):
            own_workspace = part_of(workspace, position)
            return part.weight_vjp_at(*given, workspace=own_workspace)

        return self._added(gradients, operator, weights, X, cotangent, out)

    def sample_gradients(self, weights, X, cotangent, out=None):
        _, operator = self.linearize(weights, X)
        return self.sample_gradients_at(operator, weights, X, cotangent, out)

    def sample_gradients_at(self, operator, weights, X, cotangent, out=None):
        def gradients(position, part, *given):
            return part.sample_gradients_at(*given)

        return self._added(gradients, operator, weights, X, cotangent, out)

    def sample_squared_norms(self, weights, X, cotangent):
        _, operator = self.linearize(weights, X)
        return self.sample_squared_norms_at(operator, weights, X, cotangent)

    def sample_squared_norms_at(self, operator, weights, X, cotangent):
        own = self._split(weights)
        stack = np.broadcast_shapes(X.shape[:-1], cotangent.shape[:-1])
        total = np.zeros(stack, cotangent.dtype)
        for position, inner, inputs, received in self.received(operator, X, cotangent):
            if own[position]:
                total += self.parts[position].sample_squared_norms_at(
                    inner, own[position], inputs, received
                )
        return total

    def weight_jvp(self, weights, X, tangents):
        _, operator = self.linearize(weights, X)
        return self.weight_jvp_at(operator, weights, X, tangents)

    @abstractmethod
    def weight_jvp_at(self, operator, weights, X, tangents):
        pass

    def _added(self, gradients, operator, weights, X, cotangent, out):
        """Add up what `gradients` returns for each part, under our own names."""
        own, outs, total = self._split(weights), self._split(out), {}
        for position, inner, inputs, received in self.received(operator, X, cotangent):
            if own[position]:
                found = gradients(
                    position,
                    self.parts[position],
                    inner,
                    own[position],
                    inputs,
                    received,
                    outs[position],
                )
                add_to(total, prefixed(position, found))
                outs[position] = None  # written to; where applied again, added to
        return total

    @abstractmethod
    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        pass

    def _split(self, arrays):
        """Return a dict for each part, under its own names, or None for each."""
        count = 1 if self.holds == "layer" else len(self.layers)
        if arrays is None:
            return [None] * count
        split = [{} for _ in range(count)]
        for name, array in arrays.items():
            position, _, own_name = name.partition(".")
            split[int(position)][own_name] = array
        return split


def part_of(workspace, index):
    """Return the workspace of a part; None where there is none for the whole."""
    return None if workspace is None else workspace.part(index)


def add_to(gradients, found):
    """Add the gradients of one dict to those of another."""
    for name, gradient in found.items():
        if name in gradients:
            gradients[name] += gradient
        else:
            gradients[name] = gradient


def prefixed(position, arrays):
    """Return the arrays of one part under the names that the container uses."""
    return {f"{position}.{name}": array for name, array in arrays.items()}


def _family():
    # Imported when it is called: the family has the containers as members.
    from skjacobnet.layers import LAYERS

    return LAYERS
