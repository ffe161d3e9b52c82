"""Broken encodings fail the check, each for a different reason."""

import numpy as np
import pytest

from skjacobnet.layers import (
    ENCODINGS,
    Binary,
    EncodedRows,
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    SmoothClip,
    Standardize,
)
from skjacobnet.operators import Diagonal
from skjacobnet.testing import check_encoding


@pytest.mark.parametrize("name", ENCODINGS.names)
@pytest.mark.parametrize("seed", [3, 4])
def test_good_encodings_pass(name, seed):
    check_encoding(ENCODINGS.make(name), random_state=seed)


class WrongSlope(Standardize):
    def slopes(self, weights, X, out):
        super().slopes(weights, X, out)
        out *= 1.001


class SlopeOfTheMissing(Standardize):
    def slopes(self, weights, X, out):
        super().slopes(weights, np.nan_to_num(X), out)


class ForgottenGap(Standardize):
    def encode(self, weights, X, out):
        super().encode(weights, X, out)
        out[np.isnan(X)] = np.nan


class WithoutWeights(Standardize):
    def fitted(self, columns, rows):
        return super().fitted(columns, EncodedRows(rows.X))


class WithRowsOfWeightZero(MissingIndicator):
    def fitted(self, columns, rows):
        if rows.sample_weight is None:
            return super().fitted(columns, rows)
        weight = np.maximum(rows.sample_weight, 1e-3)
        return super().fitted(columns, EncodedRows(rows.X, weight))


class SampleDeviation(Standardize):
    def fitted(self, columns, rows):
        layer, statistics, columns = super().fitted(columns, rows)
        n = sum(len(block) for block, _ in rows.blocks())
        statistics["deviation"] *= (n / (n - 1)) ** 0.5
        return layer, statistics, columns


class FirstBlock(Standardize):
    def fitted(self, columns, rows):
        block, weight = next(rows.blocks())
        return super().fitted(columns, EncodedRows(block, weight))


class BothSides(PiecewiseLinear):
    """Has a slope at an edge that is that of neither side."""

    def slopes(self, weights, X, out):
        super().slopes(weights, X, out)
        bins = self.forward(weights, X)[..., X.shape[-1] :]
        out[..., X.shape[-1] :] *= (bins > 0.0) & (bins < 1.0)


class UnevenBins(PiecewiseLinear):
    """Depends on how often a row is repeated."""

    def fitted(self, columns, rows):
        layer, statistics, columns = super().fitted(columns, rows)
        if statistics["left"].size:
            statistics["left"] += 1e-12 * rows.n_rows
        return layer, statistics, columns


class UnfilledBins(PiecewiseLinear):
    def encode(self, weights, X, out):
        super().encode(weights, X, out)
        sources = X[..., self.sources(X.shape[-1])]
        out[np.isnan(sources)] = np.nan


class Unsorted(OneHot):
    """Depends on the order of the rows."""

    def fitted(self, columns, rows):
        layer, statistics, columns = super().fitted(columns, rows)
        seen = rows.X[:, layer.columns[0]].tolist()
        codes = tuple(sorted(layer.codes[0], key=seen.index))
        codes = (codes, *layer.codes[1:])
        return layer.with_structure(codes=codes), statistics, columns


class CategoriesWithSlopes(OneHot):
    def jacobian(self, weights, X, workspace):
        operator = super().jacobian(weights, X, workspace)
        operator.slopes[:] = 1.0
        return operator


class SteepBinary(Binary):
    def slopes(self, weights, X, out):
        super().slopes(weights, X, out)
        out[..., self.columns] *= 1.001


class FlatBinary(Binary):
    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        return None, {}


class BinaryOfTheFirstBlock(Binary):
    """Misses a third value further down."""

    def fitted(self, columns, rows):
        block, weight = next(rows.blocks())
        return super().fitted(columns, EncodedRows(block, weight))


class BinaryOfAllRows(Binary):
    def fitted(self, columns, rows):
        return super().fitted(columns, EncodedRows(rows.X))


class BinaryAroundTheMean(Binary):
    def fitted(self, columns, rows):
        layer, statistics, columns = super().fitted(columns, rows)
        x = rows.X[:, layer.columns]
        statistics["low"] = np.nanmean(x, axis=0) - statistics["half"]
        return layer, statistics, columns


class WithoutCurvature(SmoothClip):
    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        return None, {}


class Float64(SmoothClip):
    def forward(self, weights, X, out=None):
        return super().forward(weights, X.astype(np.float64), out)


class Mixing(SmoothClip):
    """Has outputs that depend on all inputs."""

    def encode(self, weights, X, out):
        super().encode(weights, X, out)
        out += 1e-9 * np.nansum(X, axis=-1, keepdims=True)


class Neighbor(SmoothClip):
    """Has an output that depends on a neighbor."""

    def encode(self, weights, X, out):
        super().encode(weights, X, out)
        out[..., 0] += 1e-9 * np.nan_to_num(X[..., 2])


class Remembers(SmoothClip):
    def encode(self, weights, X, out):
        self.last = X
        super().encode(weights, X, out)


class ChangesTheInput(SmoothClip):
    def encode(self, weights, X, out):
        X *= 1.0 + 1e-15
        super().encode(weights, X, out)


class FittedInPlace(SmoothClip):
    def fitted(self, columns, rows):
        self.limit = 2.0
        return super().fitted(columns, rows)


class Stale(SmoothClip):
    def jacobian(self, weights, X, workspace):
        known = workspace.get("kept")
        if known is None:
            known = workspace["kept"] = super().jacobian(weights, X, workspace)
            known = workspace["kept"] = Diagonal(known.diagonal.copy())
        return known


class WrongSize(MissingIndicator):
    def output_size(self, n_in):
        return n_in + len(self.gaps) + 1


class OtherNames(MissingIndicator):
    def neutral_statistics(self, n_in):
        return {"means": np.zeros(len(self.acts_on))}


class WrongSource(MissingIndicator):
    def fitted(self, columns, rows):
        layer, statistics, columns = super().fitted(columns, rows)
        columns[-1] = columns[-1]._replace(source=columns[0].source)
        return layer, statistics, columns


BROKEN = [
    (WrongSlope(), "Jacobian for input"),
    (SlopeOfTheMissing(), "Jacobian for input"),
    (ForgottenGap(), "of the output is missing"),
    (WithoutWeights(), "fitted to repeated rows: 'mean'"),
    (WithRowsOfWeightZero(), "fitted to repeated rows: 'mean'"),
    (SampleDeviation(), "fitted to repeated rows: 'deviation'"),
    (FirstBlock(), "fitted to blocks of 7 rows"),
    (BothSides(), "at a kink"),
    (UnevenBins(), "fitted to repeated rows: 'left'"),
    (UnfilledBins(), "of the output is missing"),
    (Unsorted(), "fitted to shuffled rows"),
    (CategoriesWithSlopes(), "a category has a derivative"),
    (WithoutCurvature(), "second_vjp for input"),
    (SteepBinary(), "Jacobian for input"),
    (FlatBinary(), "second_vjp for input"),
    (BinaryOfTheFirstBlock(), "fitted to blocks of 7 rows"),
    (BinaryOfAllRows(), "fitted to further rows of weight zero"),
    (BinaryAroundTheMean(), "fitted to repeated rows: 'low'"),
    (Float64(), "forward in float32: of type float64"),
    (Neighbor(), "after the columns of the table are permuted"),
    (Mixing(), "changes columns of the sources"),
    (Remembers(), "changed the attribute 'last'"),
    (ChangesTheInput(), "changed the argument 'X'"),
    (FittedInPlace(), "changed the attribute 'limit'"),
    (Stale(), "that was used before, Jacobian"),
    (WrongSize(), "output_size says"),
    (OtherNames(), "neutral_statistics"),
    (WrongSource(), "after the columns of the table are permuted"),
]


@pytest.mark.parametrize(
    ("encoding", "words"), BROKEN, ids=lambda case: type(case).__name__
)
def test_broken_encodings_fail(encoding, words):
    with pytest.raises(AssertionError, match=words):
        check_encoding(encoding)
