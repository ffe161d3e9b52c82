"""Saliency, sensitivity and gradients times inputs, by way of the full Jacobian."""

import numpy as np
import pandas as pd
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.core import blocks
from skjacobnet.inspection import (
    JacobianDisplay,
    SaliencyDisplay,
    fast_gradient_attack,
    gradient_x_input,
    integrated_gradients,
    robustness_curve,
    saliency,
    sensitivity,
)
from skjacobnet.testing import empirical_jacobian

X, Y = load_iris(return_X_y=True)
WORDS = np.array(["setosa", "versicolor", "virginica"])[Y]
LABELS = np.stack([Y > 0, Y < 2, X[:, 0] > 6], axis=1).astype(int)


def fitted(y, X=X):
    network = plain_classifier(
        (6,), "tanh", max_iter=5, tol=None, random_state=0, learning_rate=0.05
    )
    return make_pipeline(StandardScaler(), network).fit(X, y)


@pytest.mark.parametrize("output", ["proba", "log_proba"])
@pytest.mark.parametrize("y", [WORDS, WORDS == "setosa", LABELS])
def test_the_most_probable_class_and_chosen_ones(y, output):
    model = fitted(y)
    predict = model.predict_proba if output == "proba" else model.predict_log_proba
    jacobian = empirical_jacobian(predict, X)
    best = np.argmax(model.predict_proba(X), axis=1)
    gradients = jacobian[np.arange(150), best]
    result = saliency(model, X, output=output)
    np.testing.assert_allclose(result, np.abs(gradients), atol=1e-7)
    result = gradient_x_input(model, X, output=output)
    np.testing.assert_allclose(result, X * gradients, atol=1e-7)
    classes = model.classes_
    result = saliency(model, X, classes[1], output=output)
    np.testing.assert_allclose(result, np.abs(jacobian[:, 1]), atol=1e-7)
    chosen = np.arange(150) % len(classes)
    result = saliency(model, X, classes[chosen], output=output)
    expected = np.abs(jacobian[np.arange(150), chosen])
    np.testing.assert_allclose(result, expected, atol=1e-7)


def test_the_raw_prediction_of_a_binary_problem_has_two_sides():
    model = fitted(WORDS == "setosa")
    expected = (
        X
        * empirical_jacobian(lambda X: model.decision_function(X)[:, np.newaxis], X)[
            :, 0
        ]
    )
    for target, sign in [(True, 1.0), (False, -1.0)]:
        result = gradient_x_input(model, X, target, output="raw")
        np.testing.assert_allclose(result, sign * expected, atol=1e-7)
    signs = np.where(model.predict(X), 1.0, -1.0)[:, np.newaxis]
    result = gradient_x_input(model, X, output="raw")
    np.testing.assert_allclose(result, signs * expected, atol=1e-7)
    assert sensitivity(model, X, output="raw").shape == (1, 4)


def test_blocks(monkeypatch):
    model = fitted(WORDS)
    targets = WORDS[::-1]
    whole = saliency(model, X, targets), saliency(model, X), sensitivity(model, X)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    parts = saliency(model, X, targets), saliency(model, X), sensitivity(model, X)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11)


def test_frames_keep_their_names():
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(150) + 7)
    model = fitted(WORDS, frame)
    for function in (saliency, gradient_x_input):
        result = function(model, frame)
        assert result.index.equals(frame.index)
        assert list(result.columns) == list("abcd")
    result = sensitivity(model, frame)
    assert list(result.index) == ["setosa", "versicolor", "virginica"]
    assert list(result.columns) == list("abcd")
    expected = sensitivity(fitted(WORDS), X)
    assert isinstance(expected, np.ndarray)
    np.testing.assert_allclose(result, expected)


def test_polars_frames_keep_their_names():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(X, schema=list("abcd"))
    model, plain = fitted(WORDS, frame), fitted(WORDS)
    for function in (
        saliency,
        gradient_x_input,
        lambda *args: integrated_gradients(*args).attributions,
        lambda *args: fast_gradient_attack(*args, WORDS, 0.1),
    ):
        result = function(model, frame)
        assert isinstance(result, polars.DataFrame)
        assert result.columns == list("abcd")
        np.testing.assert_allclose(result.to_numpy(), function(plain, X), atol=1e-12)
    result = sensitivity(model, frame)
    assert result.columns == ["class", *"abcd"]
    assert result["class"].to_list() == ["setosa", "versicolor", "virginica"]
    expected = sensitivity(plain, X)
    np.testing.assert_allclose(result.drop("class").to_numpy(), expected)
    named = frame.rename({"a": "class"})
    assert sensitivity(fitted(Y, named), named).columns == ["class_", "class", *"bcd"]
    np.testing.assert_allclose(
        robustness_curve(model, frame, WORDS, [0.5]),
        robustness_curve(plain, X, WORDS, [0.5]),
    )


def test_rows_of_polars_frames_name_the_features_in_displays():
    polars = pytest.importorskip("polars")
    pytest.importorskip("matplotlib").use("Agg")
    frame = polars.DataFrame(X, schema=list("abcd"))
    model = fitted(WORDS, frame)
    for display in (SaliencyDisplay, JacobianDisplay):
        found = display.from_estimator(model, frame[:1])
        assert found.feature_names == list("abcd")


def test_errors():
    model = fitted(WORDS)
    with pytest.raises(ValueError, match=r"does not know: \['rosa'\]. Known: \['seto"):
        saliency(model, X, "rosa")
    with pytest.raises(
        ValueError, match="target must be one class, or one for each of"
    ):
        saliency(model, X, WORDS[:3])
