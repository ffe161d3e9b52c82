"""Singular values against NumPy's of the written-out Jacobians."""

from functools import partial

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.core import blocks
from skjacobnet.inspection import jacobian_spectrum
from skjacobnet.layers import Dropout, Linear
from skjacobnet.testing import empirical_jacobian

X, Y = load_iris(return_X_y=True)
LAYERS = [Linear(6), "relu", Dropout(0.2), Linear(5), "sigmoid", "softmax"]


def fitted(dtype=np.float64):
    network = plain_classifier(
        layers=LAYERS, max_iter=5, tol=None, random_state=0, learning_rate=0.05
    )
    return make_pipeline(StandardScaler(), network).fit(X.astype(dtype), Y)


@pytest.mark.parametrize("block", [None, 200])
def test_layers_and_the_whole(monkeypatch, block):
    if block:
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    model = fitted()
    network, inputs = model[-1], model[0].transform(X)
    layers, whole = jacobian_spectrum(model, X)
    jacobian = empirical_jacobian(model.decision_function, X)
    np.testing.assert_allclose(whole, np.linalg.svd(jacobian)[1], atol=1e-7)
    received = [inputs, *network.activations(inputs)]
    for layer, weights, x, values in zip(
        network.network_.layers,
        network.network_.split(network.weights_),
        received,
        layers,
        strict=False,
    ):
        measured = empirical_jacobian(partial(layer.forward, weights), x)
        expected = np.linalg.svd(measured)[1]
        assert values.shape == expected.shape
        np.testing.assert_allclose(values, expected, atol=1e-7, err_msg=repr(layer))
    bound = np.prod([values[:, 0] for values in layers], axis=0)
    assert (whole[:, 0] <= bound / model[0].scale_.min() * (1 + 1e-12)).all()


def test_shared_values_are_not_repeated_in_memory():
    layers, _ = jacobian_spectrum(fitted(), X)
    assert layers[0].strides[0] == 0


def test_float32():
    layers, whole = jacobian_spectrum(fitted(np.float32), X.astype(np.float32))
    assert {values.dtype for values in [*layers, whole]} == {np.dtype(np.float32)}
