"""Saved models: small, portable, and with their version."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_digits
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.neural_network import MLPClassifier

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import Dropout, Linear
from skjacobnet.optimizers import Adam

X, Y = load_digits(return_X_y=True)
X = X / 16.0
MODELS = {
    "default": JacobianMLPClassifier(max_iter=3),
    "plain": plain_classifier((300,), max_iter=3, tol=None),
    "float32": plain_classifier((300,), max_iter=3, tol=None, dtype="float32"),
    "early stopping": plain_classifier(
        (300,), max_iter=3, tol=None, early_stopping=True, monitor="accuracy"
    ),
    "parts": plain_classifier(
        layers=[Linear(300), "gelu", Dropout(0.1)],
        optimizer=Adam(beta_1=0.8),
        regularizers={"l1": 1e-5},
        loss="focal",
        schedule="cosine",
        max_iter=3,
        tol=None,
    ),
    "lbfgs": plain_classifier((300,), optimizer="lbfgs", max_iter=3, tol=None),
    "long": plain_classifier((300,), batch_size=1000, max_iter=200, tol=None),
}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    model = copy.deepcopy(MODELS[request.param])
    return model.set_params(random_state=0).fit(X[:400], Y[:400])


def test_a_plain_fit_is_not_much_larger_than_its_weights(fitted):
    assert len(pickle.dumps(fitted)) < 1.1 * fitted.weights_.nbytes + 30_000


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_and_much_smaller_than_that_of_mlp_classifier():
    model = MODELS["plain"].fit(X, Y)
    other = MLPClassifier((300,), max_iter=3).fit(X, Y)
    assert len(pickle.dumps(model)) < 0.35 * len(pickle.dumps(other))


@pytest.mark.parametrize(
    "copier", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy]
)
def test_copies_predict_the_same(fitted, copier):
    copied = copier(fitted)
    np.testing.assert_array_equal(copied.predict_proba(X), fitted.predict_proba(X))
    assert repr(copied) == repr(fitted)
    assert copied.history_ == fitted.history_ or "lbfgs" in repr(fitted)
    assert all(np.shares_memory(coef, copied.weights_) for coef in copied.coefs_)


def test_a_memory_map_serves_as_weights(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert isinstance(mapped.weights_, np.memmap)
    np.testing.assert_array_equal(mapped.predict_proba(X), fitted.predict_proba(X))
    mapped.fit(X[:100], Y[:100])


def test_skops_needs_to_trust_only_this_package(fitted):
    skops_io = pytest.importorskip("skops.io")
    stored = skops_io.dumps(fitted)
    untrusted = skops_io.get_untrusted_types(data=stored)
    assert all(name.startswith("skjacobnet.") for name in untrusted)
    loaded = skops_io.loads(stored, trusted=untrusted)
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))


def test_another_version_is_announced(fitted, monkeypatch):
    stored = pickle.dumps(fitted)
    monkeypatch.setattr("skjacobnet.estimators.base.__version__", "99.0")
    with pytest.warns(InconsistentVersionWarning, match=r"from version 0\..* 99\.0"):
        loaded = pickle.loads(stored)
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))


def test_a_training_state_is_kept_only_where_it_serves():
    plain = plain_classifier((5,), max_iter=2, tol=None)
    assert not hasattr(plain.fit(X, Y), "training_state_")
    assert hasattr(plain.set_params(warm_start=True).fit(X, Y), "training_state_")
    assert not hasattr(plain.set_params(warm_start=False).fit(X, Y), "training_state_")
    assert hasattr(plain.partial_fit(X, Y), "training_state_")
