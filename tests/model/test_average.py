"""The average of fitted networks, as one network."""

import pickle
import tracemalloc
from copy import copy, deepcopy
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from ensembles import averaged
from numpy.testing import assert_allclose, assert_array_equal
from plain import plain_classifier, plain_regressor
from scipy import sparse
from scipy.special import logit
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.core.blocks import BLOCK_BYTES
from skjacobnet.layers import Average, Linear, Parallel, Rescale, Sequential
from skjacobnet.links import IdentityLink
from skjacobnet.losses import REGRESSION_LOSSES, Quantile, SquaredError
from skjacobnet.model import average_of, is_average, members_of
from skjacobnet.testing import empirical_jacobian, finite_difference

X, Y = load_iris(return_X_y=True)
X = scale(X)
TARGETS = {
    "classes": Y,
    "binary": (Y > 0).astype(int),
    "labels": np.stack([Y > 0, Y < 2, X[:, 0] > 0.5], axis=1).astype(int),
}
NUMBERS = np.stack([50.0 + 9.0 * X[:, 0] + X[:, 1] ** 2, 0.02 + 0.001 * X[:, 2]], 1)
QUANTILES = Quantile((0.1, 0.5, 0.9))
LOSSES = {name: name for name in REGRESSION_LOSSES.names} | {"quantiles": QUANTILES}
MODES = ["auto", "forward", "reverse"]
REGRESSORS = [(loss, n_targets) for loss in LOSSES for n_targets in (1, 2)]


@cache
def classifiers(kind, setting="plain"):
    """Return a classifier that averages three others, and these."""
    shape = {"max_iter": 8, "random_state": 0}
    if setting == "defaults":
        estimator = JacobianMLPClassifier((6,), **shape)
    else:
        calibration = "temperature" if setting == "calibrated" else None
        estimator = plain_classifier(
            (6,), "tanh", tol=None, learning_rate=0.02, calibration=calibration, **shape
        )
    return averaged(estimator, X, TARGETS[kind])


@cache
def regressors(loss, n_targets, setting="plain"):
    """Return a regressor that averages three others, and these."""
    y = NUMBERS[:, 0] if n_targets == 1 else NUMBERS
    shape = {"max_iter": 8, "loss": LOSSES[loss]}
    if setting == "defaults":
        return averaged(JacobianMLPRegressor((6,), **shape), X, y)
    return averaged(
        plain_regressor((6,), "tanh", tol=None, learning_rate=0.02, **shape), X, y
    )


each_classifier = pytest.mark.parametrize("kind", TARGETS)
each_setting = pytest.mark.parametrize("setting", ["plain", "calibrated", "defaults"])
each_regressor = pytest.mark.parametrize(("loss", "n_targets"), REGRESSORS)


def answer(model, output, X):
    """Return an output of a fitted model."""
    return model.link.value(model.raw(X), output)


def mean_of(members, method, *args, **kwargs):
    return np.mean([getattr(m, method)(*args, **kwargs) for m in members], axis=0)


@each_setting
@each_classifier
def test_probabilities(kind, setting):
    model, members = classifiers(kind, setting)
    proba = mean_of(members, "predict_proba", X)
    assert_allclose(model.predict_proba(X), proba, rtol=1e-13)
    assert_allclose(model.predict_log_proba(X), np.log(proba), rtol=1e-12, atol=1e-15)
    decision = model.decision_function(X)
    if kind == "classes":
        assert_allclose(decision, np.log(proba), rtol=1e-13, atol=1e-15)
        assert_array_equal(model.predict(X), np.argmax(proba, axis=1))
    else:
        yes = proba[:, 1] if kind == "binary" else proba
        assert_allclose(decision, logit(yes), rtol=1e-12, atol=1e-13)
        assert_array_equal(model.predict(X), yes > 0.5)
    if setting == "calibrated":
        assert len({member.temperature_ for member in members}) > 1
        factors = [1.0 / member.temperature_ for member in members]
        assert model.temperature_ == pytest.approx(1.0 / np.mean(factors))
        assert all(member.temperature_ != 1.0 for member in members)


@each_regressor
@pytest.mark.parametrize("setting", ["plain", "defaults"])
def test_numbers(loss, n_targets, setting):
    model, members = regressors(loss, n_targets, setting)
    prediction = mean_of(members, "predict", X)
    assert prediction.shape == NUMBERS.shape[:n_targets]
    assert_allclose(model.predict(X), prediction, rtol=1e-13)
    if loss == "gaussian":
        means, stds = np.array(
            [m.predict(X, return_std=True) for m in members]
        ).swapaxes(0, 1)
        variance = np.mean(stds**2 + (means - means.mean(axis=0)) ** 2, axis=0)
        found = model.predict(X, return_std=True)
        assert_allclose(found[0], prediction, rtol=1e-13)
        assert_allclose(found[1], np.sqrt(variance), rtol=1e-10)
    if "quantile" in loss:
        quantiles = mean_of(members, "predict_quantiles", X)
        assert_allclose(model.predict_quantiles(X), quantiles, rtol=1e-13)
    assert_allclose(
        model.shrinkage_, np.mean([m.shrinkage_ for m in members], axis=0), rtol=1e-15
    )
    if setting == "defaults" and loss == "squared_error":
        assert all((member.shrinkage_ != 1.0).any() for member in members)


def test_means_and_deviations_of_constant_targets():
    y = np.stack([NUMBERS[:, 0], np.full(len(X), 7.0)], axis=1)
    for loss in LOSSES.values():
        model, _ = averaged(
            plain_regressor((3,), max_iter=2, tol=None, loss=loss), X, y
        )
        assert_allclose(model.predict(X)[:, 1], 7.0, rtol=1e-12)
        if loss == "gaussian":
            assert_array_equal(model.predict(X, return_std=True)[1][:, 1], 0.0)
        assert not model.input_jacobian(X)[:, -1].any()


@pytest.mark.parametrize("mode", MODES)
@each_setting
@each_classifier
def test_jacobians_of_probabilities_are_the_means(kind, setting, mode):
    model, members = classifiers(kind, setting)
    found = model.input_jacobian(X, mode=mode)
    expected = mean_of(members, "input_jacobian", X)
    assert_allclose(found, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("mode", MODES)
@each_regressor
def test_jacobians_of_predictions_are_the_means(loss, n_targets, mode):
    for setting in ("plain", "defaults"):
        model, members = regressors(loss, n_targets, setting)
        for output in ("prediction", "quantiles"):
            if output in model.task_.outputs:
                found = model.input_jacobian(X, output=output, mode=mode)
                expected = mean_of(members, "input_jacobian", X, output=output)
                size = np.abs(expected).max(axis=(0, 2), keepdims=True)
                assert_allclose(found / size, expected / size, rtol=0, atol=1e-13)


@each_classifier
@pytest.mark.parametrize("setting", ["plain", "calibrated"])
@pytest.mark.parametrize("output", ["proba", "raw", "log_proba"])
def test_jacobians_of_a_classifier_against_differences(kind, setting, output):
    model, _ = classifiers(kind, setting)
    expected = empirical_jacobian(partial(answer, model.model_, output), X)
    for mode in MODES:
        found = model.input_jacobian(X, output=output, mode=mode)
        assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


@each_regressor
def test_jacobians_of_a_regressor_against_differences(loss, n_targets):
    model, _ = regressors(loss, n_targets)
    for output in model.task_.outputs:
        expected = empirical_jacobian(partial(answer, model.model_, output), X)
        size = np.abs(expected).max(axis=(0, 2), keepdims=True)
        for mode in MODES:
            found = model.input_jacobian(X, output=output, mode=mode)
            assert_allclose(found / size, expected / size, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", ["classes", "binary"])
def test_where_probabilities_underflow(kind):
    estimator = plain_classifier((), tol=None, max_iter=20, learning_rate=0.1)
    model, _ = averaged(estimator, X, TARGETS[kind])
    model.weights_ = 1e4 * model.weights_
    rows = X[np.min(model.predict_proba(X), axis=1) == 0.0]
    assert len(rows) > 20
    assert np.isfinite(model.decision_function(rows)).all()
    assert_allclose(model.predict_proba(rows).sum(axis=1), 1.0, rtol=1e-14)
    jacobian = model.input_jacobian(rows, output="log_proba")
    assert np.isfinite(jacobian).all()
    assert np.abs(jacobian).max(axis=(1, 2)).min() > 1.0


ALL = [
    *(("classifier", kind) for kind in TARGETS),
    *(("regressor", loss) for loss in LOSSES),
]
each_model = pytest.mark.parametrize(("kind", "name"), ALL)


def averaged_and_targets(kind, name, setting=None):
    """Return an average, its members, and targets."""
    if kind == "regressor":
        return *regressors(name, 2, setting or "plain"), NUMBERS
    return *classifiers(name, setting or "calibrated"), TARGETS[name]


@each_model
def test_derivatives_for_weights_against_differences(kind, name):
    model, *_ = averaged_and_targets(kind, name)
    rows, theta = X[::10], model.weights_
    direction = np.random.default_rng(0).standard_normal(theta.shape)
    for output in model.task_.outputs:
        found = model.weight_jacobian(rows, output=output) @ direction
        expected = finite_difference(
            lambda w, output=output: answer(
                model.model_.with_all_weights(w), output, rows
            ),
            theta,
            direction,
        )
        size = np.abs(expected).max()
        assert_allclose(found / size, expected / size, rtol=0, atol=1e-7)


@each_model
def test_gradients_of_the_loss_of_the_average(kind, name):
    model, members, y = averaged_and_targets(kind, name)
    fitted, theta = model.model_, model.weights_
    direction = np.random.default_rng(1).standard_normal(theta.shape)
    encoded = fitted.task.encode(fitted.task.codes(y), np.float64)

    def losses(weights):
        raw = fitted.trained.forward(weights, X)
        return fitted.loss.sample_values(encoded, raw, fitted.link)

    gradients = model.per_sample_gradients(X, y)
    expected = finite_difference(losses, theta, direction)
    size = np.abs(expected).max()
    assert_allclose(gradients @ direction / size, expected / size, rtol=0, atol=1e-7)
    norms = model.per_sample_gradient_norms(X, y)
    assert_allclose(norms, np.linalg.norm(gradients, axis=1), rtol=1e-11)
    if kind == "classifier":
        # The loss takes the average of the calibrated members.
        raw = fitted.trained.forward(theta, X)
        proba = mean_of(members, "predict_proba", X)
        assert_allclose(fitted.link.predict_proba(raw), proba, rtol=1e-13)


def test_structure():
    model, members = classifiers("classes", "calibrated")
    parallel, average = model.network_.layers
    assert isinstance(parallel, Parallel)
    assert isinstance(average, Average)
    for sequence in parallel.layers:
        assert isinstance(sequence, Sequential)
        assert isinstance(sequence.layers[-1], Rescale)
    weights = [member.weights_ for member in members]
    assert_array_equal(model.weights_, np.concatenate(weights))
    assert model.model_.trained.layers == model.network_.layers
    model, members = regressors("squared_error", 2, "defaults")
    n_encodings = members[0].network_.n_encodings
    assert model.network_.n_encodings == n_encodings > 0
    for own, shared in zip(
        members[0].network_.layers[:n_encodings], model.network_.layers, strict=False
    ):
        assert own is shared
    trained = model.model_.trained
    assert [type(layer) for layer in trained.layers] == [Parallel, Average]
    # Where nothing was calibrated, no layer does.
    model, _ = classifiers("classes", "plain")
    assert not model.network_.statistics.size
    assert model.model_.calibration is None


@pytest.mark.parametrize("setting", [None, "defaults"])
@each_model
def test_the_way_back_gives_the_members(kind, name, setting):
    model, members, _ = averaged_and_targets(kind, name, setting)
    found = members_of(model.model_)
    assert is_average(model.model_)
    assert len(found) == len(members)
    for own, member in zip(found, members, strict=True):
        assert np.shares_memory(own.weights, model.weights_)
        assert_array_equal(own.weights, member.weights_)
        assert_array_equal(own.network.statistics, member.network_.statistics)
        assert repr(own.network) == repr(member.network_)
        assert_array_equal(own.raw(X), member.model_.raw(X))
        calibration = member.model_.calibration
        assert (own.calibration is None) == (calibration is None)
        for number, array in (calibration or {}).items():
            assert_array_equal(own.calibration[number], array)
    again = average_of(found)
    assert_array_equal(again.raw(X), model.model_.raw(X))
    assert repr(again.network) == repr(model.network_)
    alone = members[0].model_
    assert members_of(alone) == [alone]
    assert not is_average(alone)


def test_members_of_unlike_layers():
    y = TARGETS["classes"]
    shapes = {"tol": None, "max_iter": 5}
    members = [
        plain_classifier(layers=layers, **shapes).fit(X, y)
        for layers in ([], [Linear(3), "tanh"], [Linear(4), "relu", Linear(2), "silu"])
    ]
    model = copy(members[0])
    model.model_ = average_of([member.model_ for member in members])
    proba = mean_of(members, "predict_proba", X)
    assert_allclose(model.predict_proba(X), proba, rtol=1e-13)
    for own, member in zip(members_of(model.model_), members, strict=True):
        assert_array_equal(own.raw(X), member.model_.raw(X))


def test_matrices_and_intercepts():
    model, members = classifiers("classes", "calibrated")
    model = copy(model)
    for name in ("coefs_", "intercepts_"):
        every = [array for member in members for array in getattr(member, name)]
        found = getattr(model, name)
        assert len(found) == len(every) == 6
        for one, other in zip(found, every, strict=True):
            assert_array_equal(one, other)
            assert np.shares_memory(one, model.weights_)
    changed = [2.0 * coef for coef in model.coefs_]
    model.coefs_ = changed
    model.intercepts_ = [intercept + 1.0 for intercept in model.intercepts_]
    for member, own in zip(map(copy, members), members_of(model.model_), strict=True):
        member.coefs_ = [2.0 * coef for coef in member.coefs_]
        member.intercepts_ = [i + 1.0 for i in member.intercepts_]
        assert_array_equal(own.weights, member.weights_)
    with pytest.raises(ValueError, match="coefs_ must have the shapes"):
        model.coefs_ = changed[:2]
    before = model.predict_proba(X)
    model.weights_ = np.zeros_like(model.weights_)
    assert_allclose(model.predict_proba(X), 1.0 / 3.0, rtol=1e-15)
    assert not np.array_equal(before, model.predict_proba(X))
    with pytest.raises(ValueError, match="weights_ must have the shape"):
        model.weights_ = model.weights_[1:]


@pytest.mark.parametrize("copier", [deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_answer_the_same(copier):
    for model, _ in (classifiers("binary", "defaults"), regressors("quantiles", 2)):
        copied = copier(model)
        assert_array_equal(copied.model_.raw(X), model.model_.raw(X))
        assert_array_equal(copied.input_jacobian(X), model.input_jacobian(X))
        assert repr(copied.network_) == repr(model.network_)
        assert len(members_of(copied.model_)) == 3
        assert all(np.shares_memory(coef, copied.weights_) for coef in copied.coefs_)


@each_model
def test_another_type(kind, name):
    model, *_ = averaged_and_targets(kind, name)
    narrow = model.model_.astype(np.float32)
    raw, exact = narrow.raw(X), model.model_.raw(X)
    assert raw.dtype == np.float32
    size = np.abs(exact).max(axis=0)
    assert_allclose(raw / size, exact / size, rtol=0, atol=1e-4)
    wide = narrow.raw(X, np.dtype(np.float64))
    assert_allclose(wide / size, exact / size, rtol=0, atol=1e-6)


def test_tables_in_float32():
    rows = X.astype(np.float32)
    model, members = averaged(plain_classifier((5,), tol=None, max_iter=4), rows, Y)
    proba = mean_of(members, "predict_proba", rows)
    assert model.predict_proba(rows).dtype == np.float32
    assert_allclose(model.predict_proba(rows), proba, rtol=1e-5)
    jacobian = model.input_jacobian(rows)
    assert jacobian.dtype == np.float32
    expected = mean_of(members, "input_jacobian", rows)
    assert_allclose(jacobian, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("encoding", [None, "auto"])
def test_sparse_tables(encoding):
    rows = np.where(X > 0.3, X, 0.0)
    estimator = plain_classifier((5,), tol=None, max_iter=4, encoding=encoding)
    table = sparse.csr_array(rows)
    model, members = averaged(estimator, table, Y)
    assert_allclose(
        model.predict_proba(table), mean_of(members, "predict_proba", table), rtol=1e-13
    )
    for name in ("input_jacobian", "weight_jacobian"):
        call = getattr(model, name)
        assert_allclose(call(table), call(rows), rtol=1e-12, atol=1e-14)
    for name in ("per_sample_gradients", "per_sample_gradient_norms"):
        call = getattr(model, name)
        assert_allclose(call(table, Y), call(rows, Y), rtol=1e-12, atol=1e-14)
    for one, other in zip(
        model.activations(table), model.activations(rows), strict=True
    ):
        assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_raw_tables():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(X.copy(), columns=list("abcd"))
    table["e"] = rng.choice(["red", "blue", "green"], len(X))
    table.loc[::7, "b"] = np.nan
    model, members = averaged(JacobianMLPClassifier((5,), max_iter=3), table, Y)
    proba = mean_of(members, "predict_proba", table)
    assert_allclose(model.predict_proba(table), proba, rtol=1e-13)
    jacobian = model.input_jacobian(table)
    expected = mean_of(members, "input_jacobian", table)
    assert np.isnan(jacobian[..., 4]).all()
    assert_allclose(jacobian, expected, rtol=0, atol=1e-14)
    assert_array_equal(model.feature_names_in_, table.columns)


def test_activations_and_the_table_of_layers():
    model, members = classifiers("classes", "calibrated")
    side_by_side, raw = model.activations(X)
    expected = [member.activations(X)[-1] for member in members]
    assert_array_equal(side_by_side, np.concatenate(expected, axis=1))
    assert_array_equal(raw, model.decision_function(X))
    html = model._repr_mimebundle_()["text/html"]
    assert "4 inputs, 3 outputs, 153 weights" in html
    assert "1.3.4 Rescale" in html
    assert "2 Average(n_members=3)" in html
    assert "block row" in html


def test_one_model_is_its_own_average():
    model = classifiers("classes")[1][0].model_
    assert average_of([model]) is model


def test_what_cannot_be_averaged():
    model, members = classifiers("classes")
    models = [member.model_ for member in members]
    with pytest.raises(ValueError, match="at least one model, got none"):
        average_of([])
    with pytest.raises(ValueError, match="single networks, but one is an average"):
        average_of([models[0], model.model_])
    other = clone(members[0])
    different = {
        "task": other.fit(X, Y > 0),
        "loss": clone(other).set_params(loss="brier").fit(X, Y),
        "regularizers": clone(other).set_params(regularizers={"l1": 0.1}).fit(X, Y),
        "columns": clone(other).fit(X[:, :2], Y),
        "type of weights": clone(other).set_params(dtype="float32").fit(X, Y),
        "encodings": clone(other).set_params(encoding=["standardize"]).fit(X, Y),
    }
    for what, estimator in different.items():
        what = "columns" if what == "encodings" else what
        with pytest.raises(
            ValueError, match=rf"models\[2\] differs from models\[0\] in its {what}"
        ):
            average_of([*models[:2], estimator.model_])
    encoded = different["encodings"]
    shifted = clone(encoded).fit(X + 1.0, Y)
    with pytest.raises(ValueError, match=r"^models\[1\] differs .* in its encodings"):
        average_of([encoded.model_, shifted.model_])
    scaled = [
        plain_regressor((3,), tol=None, max_iter=1).fit(X, y)
        for y in (NUMBERS[:, 0], NUMBERS[:, 1])
    ]
    with pytest.raises(ValueError, match=r"^models\[1\] differs .* in its task"):
        average_of([regressor.model_ for regressor in scaled])


class Link(IdentityLink):
    def average(self, raw):
        return super(IdentityLink, self).average(raw)


class LossOfOnesOwn(SquaredError):
    link = Link()


def test_a_link_without_an_average():
    estimator = plain_regressor((3,), tol=None, max_iter=1, loss=LossOfOnesOwn())
    model = estimator.fit(X, NUMBERS).model_
    with pytest.raises(NotImplementedError, match=r"Link\(\) cannot average several"):
        average_of([model, replace(model)])


def test_memory_is_the_result_and_a_block():
    rng = np.random.default_rng(0)
    rows, y = rng.standard_normal((4000, 30)), np.arange(4000) % 10
    model, _ = averaged(plain_classifier((60,), tol=None, max_iter=1), rows, y)
    for call in (
        lambda: model.predict_proba(rows),
        lambda: model.input_jacobian(rows),
        lambda: model.per_sample_gradient_norms(rows, y),
    ):
        tracemalloc.start()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < result.nbytes + 2 * BLOCK_BYTES
