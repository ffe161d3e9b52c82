"""The pilot of a run, and its calibration."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, logit, softmax
from sklearn.datasets import load_diabetes, load_iris

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.callbacks import CallbackSupportMixin
from skjacobnet.layers import Linear, Tanh
from skjacobnet.training.factor import PRIOR_SCALE, effective_rows, most_probable
from skjacobnet.training.noise import noise_ratio, shrinkage

X, Y = load_iris(return_X_y=True)
NOISY = np.where(np.random.default_rng(0).random(150) < 0.4, (Y + 1) % 3, Y)
BINARY = (NOISY > 0).astype(int)
LABELS = np.stack([NOISY > 0, NOISY > 1, X[:, 0] > 6.5], axis=1).astype(int)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}


def classifier(**parameters):
    return JacobianMLPClassifier(**{**SMALL, **parameters})


@pytest.mark.parametrize("y", [NOISY, BINARY, LABELS], ids=["multi", "two", "labels"])
@pytest.mark.parametrize("seed", [0, 1])
def test_weights_are_the_same_with_and_without(y, seed):
    with_it = classifier(random_state=seed, dropout=0.2).fit(X, y)
    without = classifier(random_state=seed, dropout=0.2, calibration=None).fit(X, y)
    np.testing.assert_array_equal(with_it.weights_, without.weights_)
    assert with_it.temperature_ != 1.0
    assert without.temperature_ == 1.0


def test_a_random_state_moves_as_far_with_and_without():
    states = [np.random.RandomState(3) for _ in range(2)]
    for state, calibration in zip(states, ("auto", None), strict=True):
        classifier(random_state=state, calibration=calibration).fit(X, Y)
    assert states[0].randint(2**31) == states[1].randint(2**31)


def raw_and_factor(y, **parameters):
    """Return a calibrated model, raw predictions before it, and its factor."""
    model = classifier(**parameters).fit(X, y)
    raw = classifier(**parameters, calibration=None).fit(X, y).decision_function(X)
    return model, raw, 1.0 / model.temperature_


def test_several_classes_by_hand():
    model, raw, factor = raw_and_factor(NOISY)
    shares = (np.bincount(NOISY) + 1.0) / (len(X) + 3.0)
    assert factor < 1.0
    calibrated = factor * raw + (1.0 - factor) * np.log(shares)
    np.testing.assert_allclose(model.decision_function(X), calibrated, rtol=1e-12)
    proba = softmax(calibrated, axis=1)
    np.testing.assert_allclose(model.predict_proba(X), proba, rtol=1e-12)


def test_two_classes_and_labels_by_hand():
    model, raw, factor = raw_and_factor(BINARY)
    share = (BINARY.sum() + 1.0) / (len(X) + 2.0)
    calibrated = factor * raw + (1.0 - factor) * logit(share)
    np.testing.assert_allclose(model.decision_function(X), calibrated, rtol=1e-11)
    model, raw, factor = raw_and_factor(LABELS)
    shares = (LABELS.sum(axis=0) + 1.0) / (len(X) + 2.0)
    calibrated = factor * raw + max(0.0, 1.0 - factor) * logit(shares)
    np.testing.assert_allclose(model.predict_proba(X), expit(calibrated), rtol=1e-11)


@pytest.mark.parametrize(
    ("weights", "counts"),
    [((1.0, 3.0), (1.0, 3.0)), ((0.1, 0.3), (1.0, 3.0)), ((1.0, 2.5), None)],
)
def test_weights_count_in_the_shares(weights, counts):
    weight = np.where(NOISY == 2, *weights[::-1])
    model = classifier().fit(X, NOISY, weight)
    raw = classifier(calibration=None).fit(X, NOISY, weight).decision_function(X)
    # Weights that are no multiples of the smallest one have a mean of one.
    rows = weight / weight.mean() if counts is None else weight / weights[0]
    totals = np.bincount(NOISY, rows) + 1.0
    factor = 1.0 / model.temperature_
    assert factor < 1.0
    calibrated = factor * raw + (1.0 - factor) * np.log(totals / totals.sum())
    np.testing.assert_allclose(model.decision_function(X), calibrated, rtol=1e-11)


@pytest.mark.parametrize("output", ["proba", "raw", "log_proba"])
@pytest.mark.parametrize("y", [NOISY, BINARY, LABELS], ids=["multi", "two", "labels"])
def test_jacobians_are_those_of_calibrated_predictions(y, output):
    model = classifier(activation="tanh").fit(X, y)
    # Between the edges of bins, which are numbers of the table.
    rows, step = X[::16] + 0.03, 1e-5
    jacobian = model.input_jacobian(rows, output=output)
    method = {"proba": "predict_proba", "raw": "decision_function"}
    predict = getattr(model, method.get(output, "predict_log_proba"))
    for column in range(4):
        up, down = rows.copy(), rows.copy()
        up[:, column] += step
        down[:, column] -= step
        difference = (predict(up) - predict(down)).reshape(len(rows), -1) / (2 * step)
        found = jacobian[:, :, column]
        np.testing.assert_allclose(found, difference, rtol=1e-6, atol=1e-8)


def test_gradients_of_rows_are_those_of_the_training_loss():
    with_it, without = classifier().fit(X, Y), classifier(calibration=None).fit(X, Y)
    for name in ("per_sample_gradients", "per_sample_gradient_norms"):
        expected = getattr(without, name)(X[:5], Y[:5])
        np.testing.assert_array_equal(getattr(with_it, name)(X[:5], Y[:5]), expected)


class Seen:
    """A callback that counts epochs and checks the fitted estimator."""

    def __init__(self):
        self.epochs, self.temperatures = 0, []

    def setup(self, estimator, context):
        self.max_subtasks = context.max_subtasks

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch":
            self.epochs += 1
            self.temperatures.append(fitted_estimator.temperature_)


def test_histories_and_callbacks_know_of_the_run_alone():
    seen = Seen()
    model = classifier().set_callbacks(seen).fit(X, Y)
    assert seen.epochs == model.n_iter_ == len(model.history_["loss"]) == 5
    assert seen.max_subtasks == 5
    assert set(seen.temperatures) == {model.temperature_}
    assert issubclass(type(model), CallbackSupportMixin)


def test_verbose_names_both(capsys):
    classifier(verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    pilot = [line for line in lines if line.startswith("pilot epoch")]
    run = [line for line in lines if line.startswith("epoch")]
    assert len(pilot) + len(run) == len(lines)
    assert pilot[-1].startswith("pilot epoch 5/5")
    assert run[-1].startswith("epoch 5/5")


class Interrupting(Tanh):
    """An activation that is interrupted after so many batches."""

    left = 10**9

    def linearize(self, weights, X, **arguments):
        type(self).left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().linearize(weights, X, **arguments)


@pytest.mark.parametrize("is_fitted", [False, True])
def test_an_interrupt_of_the_pilot_changes_nothing(is_fitted):
    parameters = {"layers": [Linear(5), Interrupting()], "batch_size": 20}
    Interrupting.left = 10**9
    model = classifier(**parameters, max_iter=50)
    if is_fitted:
        model.fit(X, Y)
    before = dict(vars(model))
    # Some epochs of six batches have ended by then.
    Interrupting.left = 40
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert vars(model) == before


def test_few_rows_are_not_calibrated():
    model = classifier().fit(X[::17], Y[::17])
    assert len(X[::17]) == 9
    assert model.temperature_ == 1.0
    assert classifier().fit(X[::15], Y[::15]).temperature_ != 1.0


def test_a_validation_set_takes_the_place_of_the_pilot(capsys):
    rows = np.arange(150) % 2 == 0
    model = classifier(verbose=1, max_iter=30)
    model.fit(X[rows], NOISY[rows], X_val=X[~rows], y_val=NOISY[~rows])
    assert "pilot" not in capsys.readouterr().out
    plain = classifier(calibration=None, max_iter=30)
    plain.fit(X[rows], NOISY[rows], X_val=X[~rows], y_val=NOISY[~rows])
    np.testing.assert_array_equal(model.weights_, plain.weights_)
    raw = plain.decision_function(X[~rows])
    shares = np.log((np.bincount(NOISY[rows]) + 1.0) / (75.0 + 3.0))

    def surprise(factor):
        calibrated = factor * raw + max(0.0, 1.0 - factor) * shares
        log_proba = log_softmax(calibrated, axis=1)
        return -log_proba[np.arange(75), NOISY[~rows]].mean()

    grid = np.geomspace(0.025, 2.5, 3001)
    posterior = [
        surprise(factor) + np.log1p((factor / PRIOR_SCALE) ** 2) / 75.0
        for factor in grid
    ]
    best = grid[np.argmin(posterior)]
    assert model.temperature_ == pytest.approx(1.0 / best, rel=3e-3)


def test_a_continued_run_keeps_the_temperature():
    model = classifier(warm_start=True).fit(X, NOISY)
    temperature, weights = model.temperature_, model.weights_.copy()
    model.fit(X, NOISY)
    assert model.temperature_ == temperature
    model.partial_fit(X, NOISY)
    assert model.temperature_ == temperature
    assert not np.array_equal(model.weights_, weights)
    first = classifier().partial_fit(X, NOISY, classes=[0, 1, 2])
    assert first.temperature_ == 1.0


@pytest.mark.parametrize("loss", ["brier", "focal"])
def test_losses_that_are_no_log_loss(loss):
    assert classifier(loss=loss).fit(X, NOISY).temperature_ == 1.0
    asked_for = classifier(loss=loss, calibration="temperature").fit(X, NOISY)
    assert asked_for.temperature_ != 1.0


def test_most_probable_factors():
    # A parabola far from the ends, where the prior has little effect.
    assert most_probable(lambda a: (a - 0.7) ** 2, 1e9) == pytest.approx(0.7, rel=1e-4)
    assert most_probable(lambda a: -a, 1e9) == pytest.approx(2.5, rel=1e-4)
    assert most_probable(lambda a: -a, 1e9, largest=1.0) == pytest.approx(1.0, rel=1e-4)
    assert most_probable(lambda a: 0.0, 4) == pytest.approx(0.025, rel=1e-3)
    # A local minimum on both sides of 1.
    double = most_probable(lambda a: min((a - 0.5) ** 2, (a - 2.0) ** 2 - 0.1), 1e9)
    assert double == pytest.approx(2.0, rel=1e-4)


def test_effective_rows():
    assert effective_rows(None, 7) == 7.0
    assert effective_rows(np.array([1e300, 1e300]), 2) == 2.0
    weight = np.array([1000.0, 1.0, 1.0])
    assert effective_rows(weight, 3) == pytest.approx(1002.0**2 / 1000002.0)


def test_the_ratio_of_noise_to_signal():
    assert noise_ratio(0.2) == pytest.approx(0.5)
    assert noise_ratio(0.0) == 0.1
    assert noise_ratio(0.99) == noise_ratio(3.0) == 4.0


def test_shrinkage():
    rng = np.random.default_rng(0)
    y, noise = rng.standard_normal((2, 4000))
    assert shrinkage(2.0 * y, y) == pytest.approx(0.5, abs=0.01)
    assert shrinkage(0.5 * y, y) == pytest.approx(1.0, abs=1e-3)
    assert shrinkage(y + noise, y) == pytest.approx(0.5, abs=0.03)
    assert shrinkage(noise, y) < 0.06
    assert shrinkage(noise[:5], y[:5]) < 0.06
    weight = np.repeat([1.0, 0.0], 2000)
    mixed = np.where(weight > 0.0, 2.0 * y, noise)
    assert shrinkage(mixed, y, weight) == pytest.approx(0.5, abs=0.01)


def test_a_regressor_by_hand():
    features, y = load_diabetes(return_X_y=True)
    rng = np.random.default_rng(0)
    targets = np.stack([y, rng.standard_normal(len(y)), np.full(len(y), 3.0)], axis=1)
    model = JacobianMLPRegressor((16,), random_state=0).fit(features, targets)
    factors = model.shrinkage_
    assert factors.shape == (3,)
    assert factors[0] > 0.8
    assert factors[1] < 0.5
    assert factors[2] == 1.0
    np.testing.assert_array_equal(model.predict(features)[:, 2], 3.0)
    plain = JacobianMLPRegressor(
        (16,),
        random_state=0,
        calibration=None,
        total_weight_decay=model.total_weight_decay_,
    ).fit(features, targets)
    np.testing.assert_array_equal(model.weights_, plain.weights_)
    mean = targets.mean(axis=0)
    expected = mean + factors * (plain.predict(features) - mean)
    np.testing.assert_allclose(model.predict(features), expected, rtol=1e-10, atol=1e-9)
    jacobian = model.input_jacobian(features[:5])
    expected = factors[:, np.newaxis] * plain.input_jacobian(features[:5])
    np.testing.assert_allclose(jacobian, expected, rtol=1e-10, atol=1e-9)


def test_noise_is_asked_for_only_where_it_can_choose():
    features, y = load_diabetes(return_X_y=True)
    for parameters in ({"optimizer": "sgd"}, {}):
        model = JacobianMLPRegressor(**SMALL, **parameters).fit(features, y)
        assert model.total_weight_decay_ != pytest.approx(40 * np.sqrt(10 / len(y)))
    fixed = JacobianMLPRegressor(**SMALL, total_weight_decay=1.5).fit(features, y)
    assert fixed.total_weight_decay_ == 1.5
    for parameters in ({"total_weight_decay": 1.5}, {"optimizer": "lbfgs"}):
        model = JacobianMLPRegressor(**SMALL, **parameters, calibration="noise")
        with pytest.raises(ValueError, match="calibration='noise' chooses"):
            model.fit(features, y)
    with pytest.raises(ValueError, match="calibration must be one of"):
        JacobianMLPRegressor(calibration="temperature").fit(features, y)
    with pytest.raises(ValueError, match="calibration must be one of"):
        classifier(calibration="noise").fit(X, Y)
