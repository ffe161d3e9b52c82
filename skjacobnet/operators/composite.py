"""What operators that consist of operators share."""

import numpy as np

from skjacobnet.operators.base import JacobianOperator
from skjacobnet.operators.constant_matrix import ConstantMatrix
from skjacobnet.operators.dense import Dense


class Composite(JacobianOperator):
    """An operator that consists of others and is applied part by part.

    Parameters
    ----------
    parts : sequence of JacobianOperator
        At least one.

    Notes
    -----
    One product costs the sum of its parts'.
    """

    __slots__ = ("parts",)

    def __init__(self, parts):
        if not parts:
            raise ValueError(f"{type(self).__name__} needs at least one operator.")
        self.parts = list(parts)

    @property
    def dtype(self):
        return np.result_type(*(part.dtype for part in self.parts))

    @property
    def batch_shape(self):
        return np.broadcast_shapes(*(part.batch_shape for part in self.parts))

    @property
    def multiplications(self):
        return sum(part.multiplications for part in self.parts)

    @property
    def cost(self):
        return sum(part.cost for part in self.parts)

    @property
    def shared(self):
        return all(part.shared for part in self.parts)

    def simplified(self):
        return ConstantMatrix.of(self) if self.shared else self

    def multiplied_out(self):
        simple = self.simplified()
        if not simple.parts:
            return simple
        return Dense(simple.matrix)

    def _of_one_width(self, side):
        """Return the width at ``"n_in"`` or ``"n_out"``, which all parts must share."""
        widths = [getattr(part, side) for part in self.parts]
        if len(set(widths)) > 1:
            raise ValueError(
                f"{type(self).__name__} needs operators of equal {side}, got {widths}."
            )
        return widths[0]


def added(arrays, out=None):
    """Add arrays, the last one into `out`."""
    *others, last = arrays
    if not others:
        return last if out is None else np.positive(last, out)
    total = others[0]
    for array in others[1:]:
        total = total + array
    return np.add(total, last, out)


def side_by_side(arrays, out=None):
    """Concatenate arrays along the last axis, with leading axes that broadcast."""
    shape = np.broadcast_shapes(*(array.shape[:-1] for array in arrays))
    arrays = [np.broadcast_to(array, (*shape, array.shape[-1])) for array in arrays]
    return np.concatenate(arrays, axis=-1, out=out)
