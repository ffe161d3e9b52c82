"""The layer that averages networks."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skjacobnet.layers import LAYERS, Average, Linear, Parallel
from skjacobnet.links import (
    EXPONENTIAL,
    IDENTITY,
    LOGISTIC,
    MEAN_AND_DEVIATION,
    SOFTMAX,
    SortedQuantiles,
)
from skjacobnet.network import Network
from skjacobnet.operators import BlockRow
from skjacobnet.testing import check_layer

QUANTILES = SortedQuantiles((0.1, 0.5, 0.9))
CASES = [
    (SOFTMAX, 4),
    (SOFTMAX, 2),
    (LOGISTIC, 1),
    (LOGISTIC, 3),
    (IDENTITY, 2),
    (EXPONENTIAL, 2),
    (MEAN_AND_DEVIATION, 2),
    (MEAN_AND_DEVIATION, 4),
    (QUANTILES, 3),
    (QUANTILES, 6),
]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("n_members", [1, 2, 5])
@pytest.mark.parametrize(("link", "n_raw"), CASES)
def test_contract(link, n_raw, n_members, seed):
    layer = Average(link, n_members)
    for n_samples in (1, 7):
        check_layer(layer, n_members * n_raw, n_samples, random_state=seed)


def test_a_value_that_is_not_chosen_by_name():
    layer = Average(SOFTMAX, 3)
    assert repr(layer) == "Average(link=Softmax(), n_members=3)"
    for copied in (clone(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(copied) == repr(layer)
    assert Average not in LAYERS.classes


def test_the_jacobian_is_not_written_out():
    raw = np.random.default_rng(0).standard_normal((50, 8 * 200))
    _, operator = Average(SOFTMAX, 8).linearize({}, raw)
    assert isinstance(operator, BlockRow)
    assert operator.multiplications < 10 * raw.shape[1]


def test_errors():
    with pytest.raises(ValueError, match="n_members must be an integer"):
        Average(IDENTITY, 0).validate()
    layers = [Parallel([Linear(2), Linear(3)]), Average(IDENTITY, 2)]
    with pytest.raises(ValueError, match="its input has 5 columns"):
        Network(layers, 4)
