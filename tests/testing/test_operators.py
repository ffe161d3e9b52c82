import numpy as np
import pytest

from skjacobnet.operators import (
    ConstantMatrix,
    Dense,
    Diagonal,
    DiagonalMinusRankOne,
    Product,
    Selection,
)
from skjacobnet.testing import check_operator

RNG = np.random.default_rng(0)
D, U, V = RNG.normal(size=(3, 4, 3))
COEF = RNG.normal(size=(3, 2))
MATRIX = RNG.normal(size=(4, 2, 3))
PLACES = np.argsort(D, axis=-1)[:, :2]

OPERATORS = [
    Diagonal(D),
    ConstantMatrix(COEF),
    DiagonalMinusRankOne(D, U, V),
    Dense(MATRIX),
    Product([ConstantMatrix(COEF), DiagonalMinusRankOne(D, U, V), Diagonal(D)]),
    Diagonal(np.stack([D, U])),
    ConstantMatrix(np.stack([COEF, -COEF])),
    Diagonal(D.astype(np.float32)),
    Dense(MATRIX.astype(np.float32)),
    Selection(PLACES, 3, np.float64),
    Selection(PLACES[0], 3, np.float32),
    Selection(np.stack([PLACES, PLACES[::-1]]), 3, np.float32),
]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("seed", [0, 1])
def test_good_operators_pass(operator, seed):
    check_operator(operator, 4, random_state=seed)


class WrongFactor(DiagonalMinusRankOne):
    def vjp(self, cotangent, out=None):
        return self.jvp(cotangent, out)


class SlightlyOff(Dense):
    def vjp(self, cotangent, out=None):
        return super().vjp(1.001 * cotangent, out)

    def rows(self):
        return np.moveaxis(self.matrix, -2, 0)


class IgnoresOut(Diagonal):
    def jvp(self, tangent, out=None):
        return tangent * self.diagonal

    vjp = jvp


class WrongDense(Diagonal):
    def todense(self, n_samples):
        return 1.001 * super().todense(n_samples)


class TransposedDense(Dense):
    def todense(self, n_samples):
        return super().todense(n_samples).swapaxes(-1, -2)


class Widens(Diagonal):
    def vjp(self, cotangent, out=None):
        return np.multiply(cotangent, self.diagonal.astype(np.float64), out)


class MixesTheStack(Diagonal):
    def jvp(self, tangent, out=None):
        result = np.multiply(tangent, self.diagonal, out)
        if tangent.ndim == 3:
            result[...] = result[::-1]
        return result


class ChangesItsArgument(Diagonal):
    def jvp(self, tangent, out=None):
        tangent *= self.diagonal
        return np.positive(tangent, out)


class Forgets(Diagonal):
    """Only the rank-one term of two samples is swapped."""

    def vjp(self, cotangent, out=None):
        return np.multiply(cotangent, np.roll(self.diagonal, 1, axis=-2), out)


class NormOfTheSum(Diagonal):
    def squared_norm_after(self, coef):
        return np.square(self.diagonal) @ np.square(np.sum(coef, axis=0))


MUTANTS = [
    (NormOfTheSum(D), "NormOfTheSum: squared_norm_after against todense"),
    (WrongFactor(D, U, V), "WrongFactor: <J u, v>"),
    (SlightlyOff(MATRIX), "SlightlyOff: <J u, v>"),
    (Forgets(D), "Forgets: <J u, v>"),
    (IgnoresOut(D), "jvp: `out` was given but not returned"),
    (WrongDense(D), "jvp against todense @ u"),
    (TransposedDense(MATRIX), "todense has the shape"),
    (Widens(D.astype(np.float32)), "vjp: of type float64, expected float32"),
    (MixesTheStack(D), "jvp of a stack against one by one"),
    (ChangesItsArgument(D), "ChangesItsArgument: jvp"),
]


@pytest.mark.parametrize(
    ("operator", "match"), MUTANTS, ids=[type(o).__name__ for o, _ in MUTANTS]
)
def test_mutants_fail(operator, match):
    with pytest.raises(AssertionError, match=match):
        check_operator(operator, 4)
