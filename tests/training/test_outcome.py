"""A run with a loss far above the baseline loss gives a warning."""

import warnings

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.losses import CrossEntropy

rng = np.random.default_rng(0)
SIZES = np.array([1e4, 1e2, 1.0])
X = SIZES * rng.standard_normal((600, 3)) + 10.0 * SIZES
y = np.where(rng.random(600) < 0.1 * np.exp(X[:, 2] - 10.5), "rare", "usual")


def test_whatever_is_monitored():
    network = plain_classifier(
        max_iter=2, tol=None, early_stopping=True, monitor="accuracy", random_state=0
    )
    with pytest.warns(ConvergenceWarning, match="final validation loss is"):
        network.fit(1e3 * X, y)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_features_that_are_not_scaled(early_stopping):
    network = plain_classifier(early_stopping=early_stopping, random_state=0)
    kind = "validation" if early_stopping else "training"
    with pytest.warns(ConvergenceWarning, match=f"final {kind} loss is .*StandardSc"):
        network.fit(X, y)


def test_a_validation_set_that_is_not_scaled():
    network = plain_classifier((20,), learning_rate=1e-2, random_state=0)
    model = make_pipeline(StandardScaler(), network)
    scaled = model[0].fit_transform(X)
    names = "jacobianmlpclassifier__X_val", "jacobianmlpclassifier__y_val"
    with pytest.warns(ConvergenceWarning, match="X_val like X"):
        model.fit(X[:400], y[:400], **dict(zip(names, (X[400:], y[400:]), strict=True)))
    network.fit(scaled[:400], y[:400], X_val=scaled[400:], y_val=y[400:])


@pytest.mark.parametrize("monitor", ["loss", "roc_auc"])
def test_no_warning_otherwise(monitor):
    scaled = StandardScaler().fit_transform(X)
    noise = rng.permutation(y)
    network = plain_classifier(
        (5,),
        learning_rate=1e-2,
        max_iter=500,
        early_stopping=True,
        monitor=monitor,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.fit(scaled, y)
        network.fit(scaled, noise)


@pytest.mark.parametrize("tol", [1e-4, None])
@pytest.mark.parametrize("optimizer", ["adam", "momentum", "lbfgs"])
@pytest.mark.parametrize("labels", [False, True])
def test_whatever_ended_the_run(tol, optimizer, labels):
    """The warning of the baseline loss comes first, without further advice."""
    network = plain_classifier(
        (), optimizer=optimizer, max_iter=1, tol=tol, random_state=0
    )
    rows = 1e6 * (1.0 + np.arange(600))[:, np.newaxis]
    targets = np.stack([y == "rare", X[:, 2] > 10.5], axis=1).astype(int)
    with pytest.warns(ConvergenceWarning, match="baseline loss") as caught:
        network.fit(rows, targets if labels else y)
    assert len(caught) == 1


def test_an_interrupted_run_is_not_judged():
    network = plain_classifier(max_iter=50, random_state=0)
    calls = []

    def interrupting(estimator, rows, classes):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.5

    network.set_params(early_stopping=True, monitor=interrupting)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyboardInterrupt, match="interrupted after"):
            network.fit(X, y)


class Shifted(CrossEntropy):
    """A loss below zero."""

    def value_and_gradient(self, y, raw, *args, **options):
        value, gradient = super().value_and_gradient(y, raw, *args, **options)
        return value - 10.0, gradient

    def sample_values(self, y, raw, link):
        return super().sample_values(y, raw, link) - 10.0


def test_losses_below_zero_are_not_judged():
    scaled = StandardScaler().fit_transform(X)
    network = plain_classifier(
        (5,), loss=Shifted(), learning_rate=1e-2, max_iter=2000, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.fit(scaled, y)
    assert network.history_["loss"][-1] < 0.0
