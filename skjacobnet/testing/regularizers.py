"""The check of a regularizer of any kind."""

from functools import partial

import numpy as np

from skjacobnet.layers import Linear, Softplus, Tanh
from skjacobnet.layers.base import Elementwise
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import Network
from skjacobnet.regularizers.base import (
    ActivationRegularizer,
    JacobianRegularizer,
    PredictionRegularizer,
    WeightRegularizer,
)
from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_type,
    assert_written,
    unchanged,
)
from skjacobnet.testing.finite_differences import empirical_gradient
from skjacobnet.testing.regularizers_side_by_side import (
    check_activations_side_by_side,
    check_jacobians_side_by_side,
    check_matrices_side_by_side,
    check_predictions_side_by_side,
)
from skjacobnet.training.objective import Objective


def check_regularizer(regularizer, n_samples=7, n=4, random_state=0):
    """Check the whole interface of a regularizer.

    The gradient against central differences of the value, free leading axes, float32,
    finite results, and that neither the regularizer nor an argument is modified. For a
    penalty on weights: tall, square and wide matrices, and `out`. For one on
    activations or predictions: an integer weight against a repeated row, and two blocks
    of rows against all of them, unless `mean_over_rows` is False. Value and gradient
    together against each alone, if there is a method for both. For one on the Jacobian:
    the same for the product with one probe, and the gradient with respect to all
    weights of a small smooth network, with fixed random draws, for multiclass,
    multilabel and binary problems. For networks side by side, with separate sample
    weights, strengths and random draws, the results of each must be bit-identical to
    those of the network alone, even if another one diverges; this check and that of
    leading axes are skipped for a penalty that is not `stackable`.

    Parameters
    ----------
    regularizer : Regularizer
        A WeightRegularizer, ActivationRegularizer, PredictionRegularizer or
        JacobianRegularizer.
    n_samples : int >= 1, default=7
    n : int >= 2, default=4
        Width of the matrices, activations and raw predictions.
    random_state : int, Generator or None, default=0
        Seed of these arrays, with entries at least 0.1 from zero, where many penalties
        have a kink.

    Raises
    ------
    AssertionError
        If a check fails. The message names the regularizer and the derivative, and
        shows both numbers, the place of the largest difference, and the tolerance.
    TypeError
        If `regularizer` is of another kind.

    See Also
    --------
    check_loss : Check of a loss.

    Notes
    -----
    Derivatives must agree to 1e-6 of the largest entry, so check a strength with a
    visible effect. Activations are taken from (0.1, 0.9), and also from (-0.9, -0.1)
    where `check_layer` of the regularizer accepts an activation between -1 and 1.

    Examples
    --------
    >>> from skjacobnet.regularizers import Orthogonality
    >>> check_regularizer(Orthogonality())
    """
    regularizer.validate()
    rng = np.random.default_rng(random_state)
    if isinstance(regularizer, WeightRegularizer):
        _check_on_weights(regularizer, n, rng)
    elif isinstance(regularizer, ActivationRegularizer):
        _check_on_activations(regularizer, (n_samples, n), rng)
    elif isinstance(regularizer, PredictionRegularizer):
        _check_on_predictions(regularizer, (n_samples, n), rng)
    elif isinstance(regularizer, JacobianRegularizer):
        _check_on_jacobian(regularizer, (n_samples, n), rng)
    else:
        raise TypeError(
            "regularizer must be a WeightRegularizer, an ActivationRegularizer, a "
            f"PredictionRegularizer or a JacobianRegularizer, got {regularizer!r}."
        )


class _Signed(Elementwise):
    """Activation between -1 and 1, to test whether a penalty accepts one."""

    value_range = (-1.0, 1.0)

    def function(self, x, out=None):
        return np.tanh(x, out)

    def derivative(self, x, y, out=None):
        return np.subtract(1.0, y * y, out)

    def second_derivative(self, x, y):
        return -2.0 * y * (1.0 - y * y)


def _check_on_weights(regularizer, n, rng):
    for shape in ((n + 2, n), (n, n), (n, n + 2)):
        name = f"{regularizer!r} of a {shape[0]} x {shape[1]} matrix"
        coef = rng.normal(size=shape)
        coef += 0.1 * np.sign(coef)
        _check_pair(regularizer, regularizer.value, regularizer.gradient, coef, name)
        out = np.full_like(coef, np.nan)
        gradient = regularizer.gradient(coef)
        result = regularizer.gradient(coef, out)
        assert_written(result, out, gradient, f"{name}: gradient")
        value, together = regularizer.value_and_gradient(coef, np.full_like(coef, 9.0))
        what = f"{name}: value_and_gradient"
        assert_same(value, regularizer.value(coef), f"{what}, value")
        assert_same(together, gradient, f"{what}, gradient")
        check_matrices_side_by_side(regularizer, coef, name, rng)


def _check_on_activations(regularizer, shape, rng):
    activation = rng.uniform(0.1, 0.9, shape)
    try:
        regularizer.check_layer(_Signed())
    except ValueError:
        extremes = [0.0, 1.0]
    else:
        activation *= rng.choice([-1.0, 1.0], shape)
        extremes = [-1e4, 0.0, 1e4]
    _check_on_rows(regularizer, activation, {}, repr(regularizer))
    _check_finite(regularizer, extremes, {}, repr(regularizer))
    for weights in (None, rng.uniform(0.5, 1.5, len(activation))):
        out = np.full_like(activation, 9.0)
        value, cotangent = regularizer.value_and_cotangent(activation, weights, out)
        what = f"{regularizer!r}: value_and_cotangent"
        assert_same(value, regularizer.value(activation, weights), f"{what}, value")
        separate = regularizer.cotangent(activation, weights)
        assert_same(cotangent, separate, f"{what}, cotangent")
    check_activations_side_by_side(regularizer, activation, repr(regularizer), rng)


def _check_on_predictions(regularizer, shape, rng):
    raw = 1.5 * rng.normal(size=shape)
    raw += 0.1 * np.sign(raw)
    for link, prediction in ((SOFTMAX, raw), (LOGISTIC, raw[:, :1]), (LOGISTIC, raw)):
        name = f"{regularizer!r} with the {type(link).__name__.lower()} link"
        _check_on_rows(regularizer, prediction, {"link": link}, name)
        _check_finite(regularizer, [-1e4, 0.0, 1e4], {"link": link}, name)
        check_predictions_side_by_side(regularizer, prediction, link, name, rng)


def _check_on_jacobian(regularizer, shape, rng):
    n_samples, n = shape
    pullback = rng.normal(size=(n_samples, n))
    # Pairs are always the first axis; rows are checked with one pair.
    single = _OnePair(regularizer)
    _check_on_rows(single, pullback, {}, repr(regularizer))
    X = rng.normal(size=(n_samples, n + 1))
    weights = rng.uniform(0.5, 1.5, n_samples)
    for link, n_raw in ((SOFTMAX, 3), (LOGISTIC, 1), (LOGISTIC, 2)):
        layers = [Linear(n), Tanh(), Linear(n), Softplus(), Linear(n_raw)]
        network = Network(layers, n + 1)
        theta = network.init_weights(rng, np.float64)
        theta += rng.normal(scale=0.3, size=theta.shape)
        y = rng.integers(2, size=(n_samples, n_raw)).astype(np.float64)
        if link is SOFTMAX:
            y = np.eye(n_raw)[rng.integers(n_raw, size=n_samples)]
        name = f"{regularizer!r} with {n_raw} raw predictions"
        plain = Objective(network, CrossEntropy(), link)
        penalized = Objective(network, CrossEntropy(), link, [regularizer])
        seed = int(rng.integers(2**31))

        def evaluate(theta, objective=penalized, y=y, seed=seed):
            draws = np.random.default_rng(seed)
            return objective(theta, X, y, weights, draws)

        with unchanged(regularizer, theta=theta, X=X, y=y, weights=weights):
            exact = evaluate(theta)[2] - plain(theta, X, y, weights)[2]
            empirical = empirical_gradient(lambda t: evaluate(t)[1], theta)
        assert_close(exact, empirical, f"{name}: gradient for the weights")
        raw = network.forward(theta, X)
        check_jacobians_side_by_side(regularizer, raw, y, link, name, rng)


class _OnePair:
    """Penalty on the product of one probe with the Jacobian, as a penalty on rows."""

    def __init__(self, regularizer):
        self.regularizer = regularizer
        self.mean_over_rows = regularizer.mean_over_rows
        self.stackable = regularizer.stackable

    def value(self, pullback, sample_weight=None):
        return self.regularizer.value(pullback[np.newaxis], sample_weight)

    def cotangent(self, pullback, sample_weight=None):
        return self.regularizer.tangent(pullback[np.newaxis], sample_weight)[0]


def _check_on_rows(regularizer, rows, options, name):
    """Check a penalty on samples, without weights and with integer ones."""
    counts = 1 + np.arange(len(rows)) % 3
    weights = counts / np.mean(counts)
    for sample_weight in (None, weights):
        arguments = {"sample_weight": sample_weight, **options}
        label = name if sample_weight is None else f"{name} and sample weights"
        value = partial(regularizer.value, **arguments)
        cotangent = partial(regularizer.cotangent, **arguments)
        _check_pair(regularizer, value, cotangent, rows, label)

    index = np.repeat(np.arange(len(rows)), counts)
    assert_same(
        regularizer.value(rows, weights, **options),
        regularizer.value(rows[index], **options),
        f"{name}: value, integer weights against repeated rows",
    )
    summed = np.zeros_like(rows)
    np.add.at(summed, index, regularizer.cotangent(rows[index], **options))
    assert_same(
        regularizer.cotangent(rows, weights, **options),
        summed,
        f"{name}: cotangent, integer weights against repeated rows",
    )
    cut = min(2, len(rows) - 1)
    if regularizer.mean_over_rows and cut:
        blocks = [
            len(block) / len(rows) * regularizer.value(block, **options)
            for block in (rows[:cut], rows[cut:])
        ]
        assert_same(
            regularizer.value(rows, **options),
            sum(blocks),
            f"{name}: value of all rows against two blocks of them, which differ where "
            "a class must set mean_over_rows = False",
        )


def _check_pair(regularizer, value, gradient, x, name):
    """Check a value and its gradient as functions of an array."""
    stack = np.stack([x, 0.5 * x, x[::-1]])
    with unchanged(regularizer, x=x, stack=stack):
        exact = gradient(x)
        empirical = empirical_gradient(value, x)
        assert_close(exact, empirical, f"{name}: gradient of the value")
        if np.shares_memory(exact, x):
            raise AssertionError(f"{name}: the gradient must be a new array.")
        if regularizer.stackable:
            what = "of a stack against one by one"
            values = [value(a) for a in stack]
            assert_same(value(stack), values, f"{name}: value {what}")
            one_by_one = np.stack([gradient(a) for a in stack])
            assert_same(gradient(stack), one_by_one, f"{name}: gradient {what}")
        narrow = x.astype(np.float32)
        assert_type(value(narrow), np.float32, f"{name}: value in float32")
        assert_type(gradient(narrow), np.float32, f"{name}: gradient in float32")
        what = "in float32 against float64"
        assert_close(value(narrow), value(x), f"{name}: value {what}", 1e-4, 1e-6)
        assert_close(gradient(narrow), exact, f"{name}: gradient {what}", 1e-4, 1e-6)


def _check_finite(regularizer, extremes, options, name):
    """Check all pairs of extreme numbers side by side, and columns of one of them."""
    for dtype in (np.float32, np.float64):
        pairs = np.array(np.meshgrid(extremes, extremes), dtype).reshape(2, -1).T
        columns = np.tile(np.array(extremes, dtype), (3, 1))
        for rows in (pairs, columns):
            try:
                with np.errstate(over="raise", divide="raise", invalid="raise"):
                    value = regularizer.value(rows, **options)
                    cotangent = regularizer.cotangent(rows, **options)
            except FloatingPointError as error:
                raise AssertionError(f"{name}: {error} for {extremes}.") from error
            if not (np.isfinite(value) and np.all(np.isfinite(cotangent))):
                raise AssertionError(f"{name}: not finite for entries of {extremes}.")
