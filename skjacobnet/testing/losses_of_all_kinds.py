"""Checks of all losses, whatever their targets."""

import numpy as np

from skjacobnet.core.stacking import member_numbers
from skjacobnet.core.workspace import Workspace
from skjacobnet.testing.compare import assert_close, assert_same, assert_type
from skjacobnet.testing.finite_differences import empirical_gradient, empirical_jacobian
from skjacobnet.testing.operators import check_operator
from skjacobnet.testing.side_by_side import MEMBERS, check_as_alone, extreme_variants

# Number of axes of the arguments of a loss for a single network.
AXES = {"targets": 2, "raw predictions": 2, "sample weights": 1}


def check_derivatives(loss, y, raw, weights, link, name):
    """Check gradient, Hessian and `value_and_gradient`."""
    gradient = loss.gradient(y, raw, weights, link)
    assert_close(
        gradient,
        empirical_gradient(lambda z: loss.value(y, z, weights, link), raw),
        f"{name}: gradient of the value for the raw prediction",
    )
    hessian = loss.hessian(y, raw, weights, link)
    assert_close(
        hessian.todense(len(raw)),
        empirical_jacobian(lambda z: loss.gradient(y, z, weights, link), raw),
        f"{name}: Hessian, against differences of the gradient",
    )
    try:
        check_operator(hessian, len(raw))
    except AssertionError as error:
        raise AssertionError(f"{name}: Hessian {error}") from error
    value, together = loss.value_and_gradient(
        y, raw, weights, link, workspace=Workspace()
    )
    what = f"{name}: value_and_gradient"
    assert_same(value, loss.value(y, raw, weights, link), f"{what}, value")
    assert_same(together, gradient, f"{what}, gradient")


def check_variants(loss, y, raw, weights, link, name):
    """Check a stack and float32."""
    raws = np.stack([raw, -raw, 0.5 * raw])
    values = [loss.value(y, z, weights, link) for z in raws]
    gradients = [loss.gradient(y, z, weights, link) for z in raws]
    if loss.stackable:
        what = "of a stack against one by one"
        assert_same(loss.value(y, raws, weights, link), values, f"{name}: value {what}")
        stacked = loss.gradient(y, raws, weights, link)
        assert_same(stacked, np.stack(gradients), f"{name}: gradient {what}")

    narrow = [None if a is None else a.astype(np.float32) for a in (y, raw, weights)]
    value = loss.value(*narrow, link)
    gradient = loss.gradient(*narrow, link)
    assert_type(value, np.float32, f"{name}: value in float32")
    assert_type(gradient, np.float32, f"{name}: gradient in float32")
    what = "in float32 against float64"
    assert_close(value, values[0], f"{name}: value {what}", 1e-4, 1e-6)
    assert_close(gradient, gradients[0], f"{name}: gradient {what}", 1e-4, 1e-6)


def check_networks_side_by_side(loss, y, raw, link, label, rng):
    """Check that the results of each network of a stack are bit-identical to its own.

    Networks have separate raw predictions, with and without separate targets, sample
    weights and label smoothing. In the last case one of them has diverged.

    Parameters
    ----------
    loss : Loss
    y : array of shape (n_samples, n_targets)
    raw : array of shape (n_samples, n_raw)
    link : Link or None
    label : str
        Name of the loss in messages.
    rng : numpy.random.Generator
        Generator of raw predictions and weights.
    """
    if not loss.stackable:
        return
    raws = np.stack([raw, *rng.normal(size=(MEMBERS - 1, *raw.shape))])
    own_y = np.stack([np.roll(y, k, axis=0) for k in range(MEMBERS)])
    weights = rng.uniform(0.5, 1.5, raws.shape[:-1])
    some_numbers = [{}]
    if "label_smoothing" in member_numbers(loss):
        own = np.array([loss.label_smoothing, 0.0, 0.3])
        some_numbers.append({"label_smoothing": own})

    def evaluate(loss, arguments):
        return _results(loss, *arguments.values(), link)

    def check(*arrays, numbers):
        arrays = dict(zip(AXES, arrays, strict=True))
        check_as_alone(evaluate, loss, arrays, AXES, label, numbers)

    for numbers in some_numbers:
        for targets in (y, own_y):
            for weight in (None, weights[0], weights):
                check(targets, raws, weight, numbers=numbers)
        for variant in extreme_variants(raws):
            for weight in (None, weights):
                check(own_y, variant, weight, numbers=numbers)


def _results(loss, y, raw, weights, link):
    workspace = Workspace()
    # The buffers have been used before.
    loss.value_and_gradient(y, -raw, weights, link, workspace=workspace)
    value, gradient = loss.value_and_gradient(
        y, raw, weights, link, workspace=workspace
    )
    dense = loss.hessian(y, raw, weights, link).todense(raw.shape[-2])
    results = {
        "value_and_gradient, value": value,
        "value_and_gradient, gradient": gradient,
        "value": loss.value(y, raw, weights, link),
        "gradient": loss.gradient(y, raw, weights, link),
        "Hessian": np.broadcast_to(dense, (*raw.shape, raw.shape[-1])),
    }
    if loss.gives_probabilities:
        results["predict_proba"] = loss.predict_proba(raw, link)
    return results


def check_repeated_rows(loss, y, raw, counts, link, name):
    """Check that an integer weight equals repeated rows."""
    weights = counts / np.mean(counts)
    rows = np.repeat(np.arange(len(counts)), counts)
    assert_same(
        loss.value(y, raw, weights, link),
        loss.value(y[rows], raw[rows], None, link),
        f"{name}: value, integer weights against repeated rows",
    )
    summed = np.zeros_like(raw)
    np.add.at(summed, rows, loss.gradient(y[rows], raw[rows], None, link))
    assert_same(
        loss.gradient(y, raw, weights, link),
        summed,
        f"{name}: gradient, integer weights against repeated rows",
    )


def check_finite(loss, y, size, link, label, **others):
    """Check that results are finite for raw predictions of a given size and both signs.

    Parameters
    ----------
    loss : Loss
    y : array of shape (n_samples, n_targets)
    size : float > 0
    link : Link or None
    label : str
        Name of the loss in messages.
    **others : callable
        Further results by name: functions of raw predictions.
    """
    n_per_target = getattr(loss, "n_per_target", 1)
    shape = len(y), y.shape[-1] * n_per_target
    signs = np.where(np.indices(shape).sum(axis=0) % 2, -1.0, 1.0)
    where = f"for raw predictions of {size:g} in size."
    for dtype in (np.float32, np.float64):
        raw = (size * np.concatenate([signs, -signs, 0.0 * signs])).astype(dtype)
        targets = np.concatenate([y, y, y]).astype(dtype)
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                results = {
                    "value": loss.value(targets, raw, None, link),
                    "gradient": loss.gradient(targets, raw, None, link),
                    "Hessian": loss.hessian(targets, raw, None, link).todense(len(raw)),
                    **{name: function(raw) for name, function in others.items()},
                }
        except FloatingPointError as error:
            raise AssertionError(f"{label}: {error} {where}") from error
        for what, result in results.items():
            if not np.all(np.isfinite(result)):
                raise AssertionError(f"{label}: {what} is not finite {where}")
