"""The check of penalties on networks side by side."""

import numpy as np

from skjacobnet.core.stacking import member_numbers
from skjacobnet.core.streams import Streams
from skjacobnet.losses import CrossEntropy
from skjacobnet.testing.compare import unchanged
from skjacobnet.testing.side_by_side import MEMBERS, check_as_alone, extreme_variants


def check_matrices_side_by_side(regularizer, coef, label, rng):
    """Check a penalty on weights, with matrices as views of vectors of all weights.

    Parameters
    ----------
    regularizer : WeightRegularizer
    coef : array of shape (n_in, n_out)
    label : str
        Name of the penalty in messages.
    rng : numpy.random.Generator
    """
    weights = np.stack([coef, *rng.normal(size=(MEMBERS - 1, *coef.shape))])

    def evaluate(part, arguments):
        (theta,) = arguments.values()
        coef = _matrix(theta, weights.shape[1:])
        out, out_together = np.full_like(theta, 9.0), np.full_like(theta, 9.0)
        value, gradient = part.value_and_gradient(
            coef, _matrix(out_together, coef.shape[-2:])
        )
        return {
            "value": part.value(coef),
            "gradient": part.gradient(coef),
            "gradient, written to `out`": part.gradient(
                coef, _matrix(out, coef.shape[-2:])
            ),
            "value_and_gradient, value": value,
            "value_and_gradient, gradient": gradient,
        }

    def check(weights, numbers):
        flat = weights.reshape(MEMBERS, -1)
        padded = {"weights": np.pad(flat, [(0, 0), (3, 2)])}
        check_as_alone(evaluate, regularizer, padded, {"weights": 1}, label, numbers)

    _check_all(regularizer, check, [weights, *extreme_variants(weights)])


def check_activations_side_by_side(regularizer, activation, label, rng):
    """Check a penalty on activations.

    Parameters
    ----------
    regularizer : ActivationRegularizer
    activation : array of shape (n_samples, n)
    label, rng
        As in `check_matrices_side_by_side`.
    """
    activations = np.stack([activation, activation[::-1], 0.5 * activation])

    def evaluate(part, arguments):
        arguments = list(arguments.values())
        out = np.full_like(arguments[0], 9.0)
        value, cotangent = part.value_and_cotangent(*arguments, out)
        return {
            "value": part.value(*arguments),
            "cotangent": part.cotangent(*arguments),
            "value_and_cotangent, value": value,
            "value_and_cotangent, cotangent": cotangent,
        }

    _check_rows(regularizer, evaluate, activations, 2, label, rng)


def check_predictions_side_by_side(regularizer, raw, link, label, rng):
    """Check a penalty on predictions.

    Parameters
    ----------
    regularizer : PredictionRegularizer
    raw : array of shape (n_samples, n_raw)
    link : Link
    label, rng
        As in `check_matrices_side_by_side`.
    """
    raws = np.stack([raw, *rng.normal(size=(MEMBERS - 1, *raw.shape))])

    def evaluate(part, arguments):
        raw, weights = arguments.values()
        return {
            "value": part.value(raw, weights, link),
            "cotangent": part.cotangent(raw, weights, link),
        }

    _check_rows(regularizer, evaluate, raws, 2, label, rng)


def check_jacobians_side_by_side(regularizer, raw, y, link, label, rng):
    """Check a penalty on the Jacobian: its probes, and the products with them.

    Parameters
    ----------
    regularizer : JacobianRegularizer
    raw, y : array of shape (n_samples, n_raw)
    link : Link
    label, rng
        As in `check_matrices_side_by_side`.
    """
    loss, n_probes = CrossEntropy(), 9
    raws = np.stack([raw, *rng.normal(size=(MEMBERS - 1, *raw.shape))])
    pullbacks = rng.normal(size=(MEMBERS, n_probes, *raw.shape))
    seeds = rng.integers(2**31, size=MEMBERS)

    def evaluate_products(part, arguments):
        pullback, weights = arguments.values()
        pullback = _probes_first(pullback)
        return {
            "value": part.value(pullback, weights),
            "tangent": _networks_first(part.tangent(pullback, weights)),
        }

    def evaluate_probes(part, arguments):
        raw, y, seed = arguments.values()
        generators = [np.random.default_rng(int(s)) for s in np.atleast_1d(seed)]
        draws = Streams(generators) if np.ndim(seed) else generators[0]
        probes = part.probes(raw, y, loss, link, draws)
        results = {"probes": _networks_first(probes)}
        if part.probes_depend_on_raw:
            tangent = np.cos(probes, dtype=raw.dtype)
            results["probes_vjp"] = part.probes_vjp(raw, y, loss, link, tangent)
        return results

    _check_rows(regularizer, evaluate_products, pullbacks, 3, label, rng)
    axes = {"raw predictions": 2, "targets": 2, "random draws": 0}
    own_y = np.stack([np.roll(y, k, axis=0) for k in range(MEMBERS)])

    def check(targets_and_raw, numbers):
        y, raw = targets_and_raw
        arrays = dict(zip(axes, (raw, y, seeds), strict=True))
        check_as_alone(evaluate_probes, regularizer, arrays, axes, label, numbers)

    variants = extreme_variants(raws)
    cases = [(y, raws), (own_y, raws), *((own_y, variant) for variant in variants)]
    _check_all(regularizer, check, cases)


def _check_rows(regularizer, evaluate, rows, n_axes, label, rng):
    """Check a penalty on rows of a batch, with weights of all kinds."""
    weights = rng.uniform(0.5, 1.5, (MEMBERS, rows.shape[-2]))
    axes = {"rows": n_axes, "sample weights": 1}

    def check(rows_and_weights, numbers):
        arrays = dict(zip(axes, rows_and_weights, strict=True))
        check_as_alone(evaluate, regularizer, arrays, axes, label, numbers)

    cases = [
        (variant, weight)
        for variant in (rows, *extreme_variants(rows))
        for weight in (None, weights[0], weights)
    ]
    _check_all(regularizer, check, cases)


def _check_all(regularizer, check, cases):
    """Call a check for all cases, with several strengths as well if allowed."""
    if not regularizer.stackable:
        return
    all_numbers = [{}]
    if "strength" in member_numbers(regularizer):
        strength = float(regularizer.strength)
        all_numbers.append(
            {"strength": np.array([strength, 0.0, 3.0 * strength + 0.1])}
        )
    with unchanged(regularizer):
        for numbers in all_numbers:
            for case in cases:
                check(case, numbers)


def _matrix(theta, shape):
    """Return the view of a matrix in a vector of weights, or in several."""
    return theta[..., 3:-2].reshape(*theta.shape[:-1], *shape)


def _probes_first(pullback):
    """Return products with the axis of the networks after that of the probes."""
    if pullback.ndim == 3:
        return pullback
    return np.ascontiguousarray(np.moveaxis(pullback, 0, 1))


def _networks_first(probes):
    return probes if probes.ndim == 3 else np.moveaxis(probes, 1, 0)
