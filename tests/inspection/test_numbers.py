"""Every output of regressors, in its own unit, against differences of predictions."""

from copy import deepcopy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from plain import plain_regressor
from sklearn.compose import TransformedTargetRegressor

from skjacobnet.inspection import (
    boundary_distance,
    fast_gradient_attack,
    gradient_x_input,
    integrated_gradients,
    jacobian_spectrum,
    robustness_curve,
    saliency,
    sensitivity,
)
from skjacobnet.testing import empirical_jacobian

CASES = [
    (loss, n_targets, output)
    for loss, outputs in {
        "squared_error": ("prediction", "raw"),
        "gaussian": ("prediction", "std", "raw"),
        "quantile": ("prediction", "quantiles", "raw"),
        "poisson": ("prediction", "raw"),
    }.items()
    for n_targets in (1, 2)
    for output in outputs
]


@pytest.mark.parametrize(("loss", "n_targets", "output"), CASES)
def test_every_column_of_every_output(regressor, loss, n_targets, output):
    it = regressor(loss, n_targets)
    expected = empirical_jacobian(it.predict(output), it.X)
    # Columns differ in their units.
    sizes = np.abs(expected).max(axis=(0, 2))
    assert (sizes > 0.0).all()
    rows, n_columns = np.arange(60), expected.shape[1]
    for target in [*range(n_columns), rows % n_columns]:
        gradients, size = expected[rows, target], sizes[target, np.newaxis]
        size = np.broadcast_to(size, (60, 1))
        result = saliency(it.model, it.X, target, output=output)
        np.testing.assert_allclose(result / size, np.abs(gradients) / size, atol=1e-6)
        result = gradient_x_input(it.model, it.X, target, output=output)
        np.testing.assert_array_equal(
            np.abs(result),
            np.abs(it.X) * saliency(it.model, it.X, target, output=output),
        )
        np.testing.assert_allclose(
            result / size, it.X * gradients / size, atol=1e-6 * np.abs(it.X).max()
        )
    result = sensitivity(it.model, it.X, output=output)
    mean = np.abs(expected).mean(axis=0)
    np.testing.assert_allclose(
        result / sizes[:, np.newaxis], mean / sizes[:, np.newaxis], atol=1e-6
    )
    if n_columns == 1:
        np.testing.assert_array_equal(
            saliency(it.model, it.X, output=output),
            saliency(it.model, it.X, 0, output=output),
        )


@pytest.mark.parametrize(("loss", "n_targets", "output"), CASES)
def test_shares_add_up_to_the_change_of_an_output(regressor, loss, n_targets, output):
    it = regressor(loss, n_targets)
    rows, baseline = it.X[::6], it.X.mean(axis=0)
    predict = it.predict(output)
    change = predict(rows) - predict(baseline[np.newaxis])
    spread = predict(it.X).std(axis=0)
    n_columns = change.shape[1]
    every = np.arange(len(rows))
    for target in [*range(n_columns), every % n_columns]:
        shares, error = integrated_gradients(
            it.model, rows, baseline, target, output=output
        )
        missing = shares.sum(axis=1) - change[every, target]
        np.testing.assert_allclose(np.abs(missing), error, atol=1e-9)
        assert (error <= 1e-3 * spread[target]).all()
        # With a custom tolerance, in the unit of the output.
        _, error = integrated_gradients(
            it.model, rows, baseline, target, output=output, tol=1e-7
        )
        assert error.max() <= 1e-7


def test_the_usual_output_is_the_prediction(regressor):
    it = regressor("gaussian", 2)
    for function in (sensitivity, lambda *a, **k: saliency(*a, target=1, **k)):
        np.testing.assert_array_equal(
            function(it.model, it.X), function(it.model, it.X, output="prediction")
        )


@pytest.mark.parametrize("n_targets", [1, 2])
def test_spectra_in_the_unit_of_the_targets(regressor, n_targets):
    it = regressor("squared_error", n_targets)
    layers, whole = jacobian_spectrum(it.model, it.X)
    jacobian = empirical_jacobian(it.predict("raw"), it.X)
    np.testing.assert_allclose(whole, np.linalg.svd(jacobian)[1], rtol=1e-5, atol=1e-6)
    assert len(layers) == len(it.model[-1].network_.layers) == 4
    scale = np.sort(it.model[-1].task_.scale)[::-1]
    np.testing.assert_allclose(layers[-1], np.broadcast_to(scale, layers[-1].shape))


@pytest.mark.parametrize("loss", ["gaussian", "quantile"])
def test_float32(regressor, loss):
    it, exact = regressor(loss, 1, "float32"), deepcopy(regressor(loss))
    assert it.model[-1].weights_.dtype == np.float32
    # Two runs differ by more than their rounding.
    exact.model[-1].weights_ = it.model[-1].weights_
    for function in (saliency, gradient_x_input, sensitivity):
        result, expected = function(it.model, it.X), function(exact.model, exact.X)
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected, atol=1e-4 * np.abs(expected).max())
    shares, error = integrated_gradients(it.model, it.X[:9])
    assert shares.dtype == np.float32
    assert error.max() < 1e-4 * exact.y.std()


@pytest.mark.parametrize(
    ("loss", "n_targets", "output", "kind", "names"),
    [
        ("squared_error", 1, None, "output", ["prediction"]),
        ("gaussian", 1, "std", "output", ["std"]),
        ("squared_error", 2, None, "target", [0, 1]),
        ("gaussian", 2, "std", "target", [0, 1]),
        ("gaussian", 1, "raw", "column", [0, 1]),
        ("quantile", 1, "quantiles", "level", [0.1, 0.5, 0.95]),
        ("quantile", 2, "quantiles", "column", [0, 1, 2, 3, 4, 5]),
        ("quantile", 1, "raw", "column", [0, 1, 2]),
    ],
)
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_frames_name_the_columns(regressor, loss, n_targets, output, kind, names):
    it = regressor(loss, n_targets)
    expected = sensitivity(it.model, it.X, output=output)
    frame = sensitivity(it.model, pd.DataFrame(it.X), output=output)
    assert list(frame.index) == names
    np.testing.assert_array_equal(frame, expected)
    frame = sensitivity(it.model, pl.DataFrame(it.X, list("abc")), output=output)
    assert frame.columns == [kind, "a", "b", "c"]
    assert frame[kind].to_list() == names


@pytest.mark.parametrize("function", [saliency, gradient_x_input, integrated_gradients])
def test_targets_are_numbers_of_columns(regressor, function):
    one, two = regressor(), regressor("squared_error", 2)
    with pytest.raises(
        ValueError, match=r"'prediction' has 2 columns\. Set target to .* from 0 to 1"
    ):
        function(two.model, two.X)
    for target in (2, -1, [0] * 59 + [7]):
        with pytest.raises(
            ValueError, match=r"columns that the output 'prediction' does not have: \["
        ):
            function(two.model, two.X, target=target)
    with pytest.raises(ValueError, match=r"does not have: \[1\]\. Known: \[0\]"):
        function(one.model, one.X, target=1)
    for target in (0.0, "0", True, [0.5] * 60, 500.0):
        with pytest.raises(
            ValueError, match="target must be the index of a column of the output 'pre"
        ):
            function(two.model, two.X, target=target)
    with pytest.raises(ValueError, match="target must be one column, or one for each "):
        function(two.model, two.X, target=[0, 1])
    with pytest.raises(
        ValueError, match="output must be one of 'prediction', 'raw', got 'proba'"
    ):
        function(one.model, one.X, output="proba")


@pytest.mark.parametrize(
    ("function", "instead"),
    [
        (boundary_distance, "use saliency or sensitivity"),
        (lambda m, X: fast_gradient_attack(m, X, X[:, 0], 0.1), "use saliency or sens"),
        (lambda m, X: robustness_curve(m, X, X[:, 0], [0.1]), "call estimator.score"),
        (
            lambda m, X: robustness_curve(m, X, X[:, 0], [1], perturbation="noise"),
            "call estimator.score",
        ),
    ],
)
def test_what_needs_classes_says_so(regressor, function, instead):
    it = regressor()
    for model in (it.model, it.model[-1]):
        with pytest.raises(
            TypeError, match=r"(_distance|_attack|_curve) needs an"
        ) as e:
            function(model, it.X)
        assert "JacobianMLPRegressor, which predicts numbers." in str(e.value)
        assert instead in str(e.value)


def test_a_transformed_target_has_its_regressor_inside(regressor):
    it = regressor()
    network = plain_regressor((3,), max_iter=2, tol=None, random_state=0)
    around = TransformedTargetRegressor(network, func=np.log, inverse_func=np.exp)
    around.fit(it.X, it.y)
    with pytest.raises(
        TypeError, match=r"got TransformedTargetRegressor\. Pass its \."
    ):
        saliency(around, it.X)
    assert saliency(around.regressor_, it.X).shape == it.X.shape


def test_constant_targets_have_no_gradient():
    X = np.random.default_rng(0).standard_normal((20, 2))
    y = np.stack([np.full(20, 3.0), X[:, 0]], axis=1)
    model = plain_regressor((3,), max_iter=2, tol=None, random_state=0).fit(X, y)
    for output in ("prediction", "raw"):
        shares, error = integrated_gradients(model, X, target=0, output=output)
        assert not shares.any()
        assert not error.any()
