"""A training that ends far above what the class shares alone give is warned of."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.data.table import Table
from skjacobnet.losses import Brier, CrossEntropy, Focal
from skjacobnet.training.baseline import loss_of_shares

rng = np.random.default_rng(0)
SIZES = np.array([1e4, 1e2, 1.0])
X = SIZES * rng.standard_normal((600, 3)) + 10.0 * SIZES
y = np.where(rng.random(600) < 0.1 * np.exp(X[:, 2] - 10.5), "rare", "usual")


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), Brier(), Focal()])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_of_shares(loss, n_classes, weighted):
    y = np.arange(60) % 7 % n_classes
    weight = rng.integers(0, 4, 60).astype(float) if weighted else None
    table = Table.of(np.zeros((60, 1)), y, weight)
    repeated = np.repeat(y, weight.astype(int)) if weighted else y
    shares = np.bincount(repeated) / len(repeated)
    raw = np.log(shares) if n_classes > 2 else np.log(shares[1:] / shares[0])
    targets = table.targets
    expected = loss.value(
        targets.encode(targets.codes(repeated), float),
        np.tile(raw, (len(repeated), 1)),
    )
    assert loss_of_shares(loss, table) == pytest.approx(float(expected), rel=1e-12)


def test_labels_have_no_shares_of_classes():
    table = Table.of(np.zeros((3, 1)), np.array([[0, 1], [1, 1], [0, 0]]))
    assert loss_of_shares(CrossEntropy(), table) == np.inf


@pytest.mark.parametrize("early_stopping", [False, True])
def test_features_that_are_not_scaled(early_stopping):
    network = JacobianMLPClassifier(early_stopping=early_stopping, random_state=0)
    kind = "validation" if early_stopping else "training"
    with pytest.warns(ConvergenceWarning, match=f"{kind} rows ended at .*StandardSc"):
        network.fit(X, y)


def test_a_validation_set_that_is_not_scaled():
    network = JacobianMLPClassifier((20,), learning_rate=1e-2, random_state=0)
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
    network = JacobianMLPClassifier(
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
        network.set_params(max_iter=1, tol=None, early_stopping=False).fit(X, y)


def test_a_training_that_was_interrupted_is_not_judged():
    network = JacobianMLPClassifier(max_iter=50, random_state=0)
    calls = []

    def interrupting(estimator, rows, classes):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.5

    network.set_params(early_stopping=True, monitor=interrupting)
    with pytest.warns(UserWarning, match="interrupted after") as caught:
        network.fit(X, y)
    assert len(caught) == 1


class Shifted(CrossEntropy):
    """A loss below zero."""

    def value_and_gradient(self, y, raw, *args, **options):
        value, gradient = super().value_and_gradient(y, raw, *args, **options)
        return value - 10.0, gradient

    def sample_values(self, y, raw, link):
        return super().sample_values(y, raw, link) - 10.0


def test_losses_below_zero_are_not_judged():
    scaled = StandardScaler().fit_transform(X)
    network = JacobianMLPClassifier(
        (5,), loss=Shifted(), learning_rate=1e-2, max_iter=2000, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.fit(scaled, y)
    assert network.history_["loss"][-1] < 0.0
