"""Results of a penalty for networks side by side are bit-identical to those alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skjacobnet.core import Streams
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.regularizers import (
    L1,
    REGULARIZERS,
    ActivationRegularizer,
    Certainty,
    InputGradient,
    JacobianNorm,
    JacobianRegularizer,
    Orthogonality,
    PredictionRegularizer,
    Sparsity,
    WeightDecay,
    WeightRegularizer,
)
from skjacobnet.testing import regularizers_side_by_side as checks

DTYPES = [np.float32, np.float64]
ALL = [*(part(0.7) for part in REGULARIZERS.classes), Sparsity(0.7, "kl")]
SHAPES = [(1, 1), (1, 2), (2, 1), (3, 10), (33, 1), (33, 3), (5, 130)]
STRENGTHS = np.array([0.0, 1.0 / 3.0, 0.1, 70.0])

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def of_kind(kind):
    parts = [part for part in ALL if isinstance(part, kind)]
    return pytest.mark.parametrize("part", parts, ids=repr)


def test_every_kind_is_here():
    kinds = (
        WeightRegularizer,
        ActivationRegularizer,
        PredictionRegularizer,
        JacobianRegularizer,
    )
    assert all(isinstance(part, kinds) for part in ALL)


# More than 8192 weights are more than what NumPy takes in one go.
@pytest.mark.parametrize("shape", [*SHAPES, (100, 100), (64, 200)])
@of_kind(WeightRegularizer)
def test_penalties_on_weights(part, shape):
    rng = np.random.default_rng(0)
    coef = rng.normal(size=shape)
    checks.check_matrices_side_by_side(part, coef, repr(part), rng)


@each_shape
@of_kind(ActivationRegularizer)
def test_penalties_on_activations(part, shape):
    rng = np.random.default_rng(0)
    activation = rng.uniform(0.1, 0.9, shape)
    checks.check_activations_side_by_side(part, activation, repr(part), rng)


@each_shape
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@of_kind(PredictionRegularizer)
def test_penalties_on_predictions(part, link, shape):
    rng = np.random.default_rng(0)
    raw = 1.5 * rng.normal(size=shape)
    checks.check_predictions_side_by_side(part, raw, link, repr(part), rng)


@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (2, 2), (33, 3), (4, 20)])
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize(
    "part",
    [
        JacobianNorm(0.7),
        JacobianNorm(0.7, 1),
        JacobianNorm(0.7, 11),
        InputGradient(0.7),
    ],
    ids=repr,
)
def test_penalties_on_the_jacobian(part, link, shape):
    rng = np.random.default_rng(0)
    raw = rng.normal(size=shape)
    y = np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    checks.check_jacobians_side_by_side(part, raw, y, link, repr(part), rng)


@each_dtype
@pytest.mark.parametrize("part", [WeightDecay, L1, Orthogonality])
def test_weights_are_views_of_one_vector_for_each_network(part, dtype):
    theta = np.random.default_rng(0).normal(size=(4, 50)).astype(dtype)
    coef = theta[:, 7:37].reshape(4, 5, 6)
    assert coef.base is not None
    value, gradient = part(STRENGTHS).value_and_gradient(coef)
    assert value.dtype == gradient.dtype == dtype
    for k, strength in enumerate(STRENGTHS.tolist()):
        alone = np.ascontiguousarray(coef[k])
        expected = part(strength).value_and_gradient(alone)
        assert value[k] == expected[0]
        assert_array_equal(gradient[k], expected[1])


@each_dtype
@pytest.mark.parametrize(
    "part", [Sparsity(), Sparsity(form="kl"), Certainty()], ids=str
)
def test_own_weights_and_strengths_of_a_penalty_on_rows(part, dtype):
    rng = np.random.default_rng(0)
    rows = rng.uniform(0.1, 0.9, (4, 6, 5)).astype(dtype)
    weight = rng.uniform(0.5, 1.5, (4, 6))
    arguments = part.get_params()
    together = type(part)(**{**arguments, "strength": STRENGTHS})
    value, cotangent = together.value(rows, weight), together.cotangent(rows, weight)
    assert value.dtype == cotangent.dtype == dtype
    for k, strength in enumerate(STRENGTHS.tolist()):
        alone = type(part)(**{**arguments, "strength": strength})
        assert value[k] == alone.value(rows[k], weight[k])
        assert_array_equal(cotangent[k], alone.cotangent(rows[k], weight[k]))


@each_dtype
@pytest.mark.parametrize("n_samples", [1, 5])
def test_random_projections_are_those_of_each_network_alone(n_samples, dtype):
    raw = np.zeros((3, n_samples, 4), dtype)
    part = JacobianNorm(n_projections=2)
    streams = Streams([np.random.default_rng(seed) for seed in (5, 5, 6)])
    alone = [np.random.default_rng(seed) for seed in (5, 5, 6)]
    for _ in range(2):
        probes = part.probes(raw, None, None, None, streams)
        assert probes.shape == (2, 3, n_samples, 4)
        assert probes.dtype == dtype
        for k, rng in enumerate(alone):
            expected = part.probes(raw[k], None, None, None, rng)
            assert_array_equal(probes[:, k], expected)
    assert_array_equal(probes[:, 0], probes[:, 1])
    assert (probes[:, 0] != probes[:, 2]).all()


def test_separate_smoothed_targets_reach_the_probes():
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(3, 4, 5))
    y = np.eye(5)[rng.integers(5, size=4)]
    smoothing = np.array([0.0, 0.1, 0.2])
    part = InputGradient()
    probes = part.probes(raw, y, CrossEntropy(smoothing), SOFTMAX, None)
    for k in range(3):
        loss = CrossEntropy(float(smoothing[k]))
        assert_array_equal(probes[:, k], part.probes(raw[k], y, loss, SOFTMAX, None))
