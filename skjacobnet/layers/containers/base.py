"""What layers that consist of layers share."""

from abc import abstractmethod

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

    def part_sizes(self, n_in):
        """Return the width of each part's input for inputs of width `n_in`."""
        return [n_in] * len(self.parts)

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

    def widest(self, n_in):
        sizes = zip(self.parts, self.part_sizes(n_in), strict=True)
        inside = [part.widest(width) for part, width in sizes]
        return max(super().widest(n_in), *inside)

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

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        # Not into the workspace, which may hold what an earlier call has drawn.
        _, operator = self.linearize(weights, X)
        return self.weight_vjp_at(
            operator, weights, X, cotangent, out, workspace=workspace
        )

    @abstractmethod
    def weight_vjp_at(
        self, operator, weights, X, cotangent, out=None, *, workspace=None
    ):
        pass

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

    def _part_vjp(
        self, position, operator, weights, X, cotangent, out=None, workspace=None
    ):
        """Return the gradients for one part's weights, under the container's names."""
        if not weights:
            return {}
        gradients = self.parts[position].weight_vjp_at(
            operator,
            weights,
            X,
            cotangent,
            out,
            workspace=part_of(workspace, position),
        )
        return prefixed(position, gradients)


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
