import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skjacobnet.core.workspace import Workspace
from skjacobnet.links import (
    LOGISTIC,
    SOFTMAX,
    ProbabilityLink,
    default_link,
    row_maximum,
)
from skjacobnet.losses import CrossEntropy

LINKS = [SOFTMAX, LOGISTIC]
DTYPES = [np.float32, np.float64]


def raw_predictions(shape, dtype=np.float64, seed=0):
    return (3.0 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)


def test_softmax_by_hand():
    raw = np.log([[1.0, 2.0, 5.0]])
    assert_allclose(SOFTMAX.proba(raw), [[0.125, 0.25, 0.625]], rtol=1e-15)


def test_logistic_by_hand():
    raw = np.log([[3.0]])
    assert_allclose(LOGISTIC.proba(raw), [[0.75]], rtol=1e-15)
    assert_allclose(LOGISTIC.predict_proba(raw), [[0.25, 0.75]], rtol=1e-15)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_methods_keep_dtype_input_and_leading_axes(link, dtype):
    raw = raw_predictions((2, 3, 7, 4), dtype)
    y = (raw_predictions((7, 4), seed=1) > 0.0).astype(dtype)
    before = raw.copy()
    for method in (
        link.proba,
        link.log_proba,
        link.predict_proba,
        lambda z: link.residual(y, z),
    ):
        stacked = method(raw)
        assert stacked.dtype == dtype
        assert stacked.shape == raw.shape
        one_by_one = [[method(z) for z in member] for member in raw]
        assert_allclose(stacked, one_by_one, rtol=4 * np.finfo(dtype).eps)
    assert_array_equal(raw, before)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_proba_writes_into_out(link, dtype):
    raw = raw_predictions((5, 3), dtype)
    out = np.empty_like(raw)
    assert link.proba(raw, out) is out
    assert_array_equal(out, link.proba(raw))


@pytest.mark.parametrize("link", LINKS)
def test_log_proba_is_the_logarithm(link):
    raw = raw_predictions((50, 4))
    assert_allclose(link.log_proba(raw), np.log(link.proba(raw)), rtol=1e-12)


@pytest.mark.parametrize("order", ["C", "F"])
def test_log_proba_does_not_depend_on_memory_order(order):
    raw = raw_predictions((6, 3))
    expected = raw - np.log(np.sum(np.exp(raw), axis=-1, keepdims=True))
    assert_allclose(SOFTMAX.log_proba(np.array(raw, order=order)), expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extremes(dtype):
    raw = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4], [-1e4, -1e4]], dtype)
    half = np.array([0.5, 0.5])
    assert_array_equal(SOFTMAX.proba(raw), [[1, 0], [0, 1], half, half])
    assert_array_equal(
        SOFTMAX.log_proba(raw)[:3],
        np.array([[0, -2e4], [-2e4, 0], np.log([0.5, 0.5])]).astype(dtype),
    )
    assert_array_equal(LOGISTIC.proba(raw), raw > 0)
    assert_array_equal(LOGISTIC.log_proba(raw), np.minimum(raw, 0))
    for link in LINKS:
        residual = link.residual((raw > 0).astype(dtype), raw)
        assert np.isfinite(residual).all()
    assert_array_equal(
        SOFTMAX.residual(np.eye(2, dtype=dtype), raw[:2]), np.zeros((2, 2))
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_small_complements_keep_their_digits(dtype):
    tail = np.exp(-40.0)
    one = np.ones((1, 1), dtype)
    rtol = 100 * np.finfo(dtype).eps
    assert_allclose(LOGISTIC.log_proba(40 * one), [[-tail]], rtol=rtol)
    assert_allclose(LOGISTIC.residual(one, 40 * one), [[-tail]], rtol=rtol)
    assert_allclose(LOGISTIC.predict_proba(40 * one), [[tail, 1.0]], rtol=rtol)
    raw = np.array([[40.0, 0.0, 0.0]], dtype)
    assert_allclose(SOFTMAX.log_proba(raw)[0, 0], -2 * tail, rtol=rtol)
    target = np.array([[1.0, 0.0, 0.0]], dtype)
    assert_allclose(SOFTMAX.residual(target, raw), [[-2 * tail, tail, tail]], rtol=rtol)


@pytest.mark.parametrize("link", LINKS)
def test_residual_is_proba_less_target(link):
    raw = raw_predictions((20, 3))
    y = np.random.default_rng(1).dirichlet(np.ones(3), size=20)
    assert_allclose(link.residual(y, raw), link.proba(raw) - y, atol=1e-14)


@pytest.mark.parametrize("link", LINKS)
def test_jacobian_is_the_finite_difference_of_proba(link):
    raw, direction = raw_predictions((9, 4)), raw_predictions((9, 4), seed=1)
    h = 6e-6
    difference = link.proba(raw + h * direction) - link.proba(raw - h * direction)
    tangent = link.jacobian(link.proba(raw)).jvp(direction)
    assert_allclose(tangent, difference / (2 * h), rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("link", "n_raw"), [(SOFTMAX, 5), (SOFTMAX, 2), (LOGISTIC, 1)])
def test_predict_proba_rows_sum_to_one(link, n_raw, dtype):
    proba = link.predict_proba(raw_predictions((30, n_raw), dtype))
    assert proba.shape == (30, max(n_raw, 2))
    assert_allclose(proba.sum(-1), 1.0, rtol=4 * np.finfo(dtype).eps)


def test_multilabel_has_one_probability_for_each_label():
    raw = raw_predictions((6, 3))
    assert_array_equal(LOGISTIC.predict_proba(raw), LOGISTIC.proba(raw))


@pytest.mark.parametrize("n_raw", [2, 3])
def test_default_link(n_raw):
    assert default_link(np.zeros((4, 1))) is LOGISTIC
    assert default_link(np.zeros((4, n_raw))) is SOFTMAX


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (50, 2), (4, 100), (2, 3, 5, 4)])
@pytest.mark.parametrize("workspace", [None, Workspace()])
def test_row_maximum(shape, workspace):
    for seed in range(2):
        raw = raw_predictions(shape, seed=seed)
        expected = raw.max(-1, keepdims=True)
        assert_array_equal(row_maximum(raw, workspace), expected)
        transposed = np.asfortranarray(raw)
        assert_array_equal(row_maximum(transposed, workspace), expected)


def test_row_maximum_with_a_workspace_of_another_width():
    workspace = Workspace()
    for n_raw in (3, 5):
        raw = raw_predictions((4, n_raw))
        expected = raw.max(-1, keepdims=True)
        assert_array_equal(row_maximum(raw, workspace), expected)


@pytest.mark.parametrize("link", LINKS)
def test_not_a_number_stays_visible(link):
    raw = np.array([[0.0, np.nan, 1.0], [0.0, 1.0, 2.0]])
    assert np.isnan(link.proba(raw)[0, 1])
    assert np.isfinite(link.proba(raw)[1]).all()


@pytest.mark.parametrize("link", LINKS)
def test_a_pickled_link_is_of_the_same_class(link):
    assert type(pickle.loads(pickle.dumps(link))) is type(link)


def test_a_custom_link_is_for_exclusive_classes_by_default():
    class Mine(ProbabilityLink):
        def proba(self, raw, out=None):
            return SOFTMAX.proba(raw, out)

        def log_proba(self, raw):
            return SOFTMAX.log_proba(raw)

        def jacobian(self, proba):
            return SOFTMAX.jacobian(proba)

        def log_jacobian(self, raw):
            return SOFTMAX.log_jacobian(raw)

    raw, y = raw_predictions((5, 3)), np.eye(3)[[0, 1, 2, 0, 1]]
    for method in (CrossEntropy().value, CrossEntropy().gradient):
        assert_array_equal(method(y, raw, None, Mine()), method(y, raw, None, SOFTMAX))


@pytest.mark.parametrize(
    ("link", "n_raw", "n_columns"),
    [(SOFTMAX, 2, 2), (SOFTMAX, 3, 3), (LOGISTIC, 1, 2), (LOGISTIC, 3, 3)],
)
def test_outputs_of_probabilities(link, n_raw, n_columns):
    raw = raw_predictions((5, n_raw))
    assert link.outputs == ("proba", "raw", "log_proba")
    for output in link.outputs:
        n_outputs = n_raw if output == "raw" else n_columns
        assert link.n_outputs(output, n_raw) == n_outputs
        assert link.value(raw, output).shape == (5, n_outputs)
    assert link.operators(raw, "raw") == []
