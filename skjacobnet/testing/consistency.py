"""Checks that a layer gives the same results in all ways to call it."""

import numpy as np
from scipy.sparse import csr_array

from skjacobnet.core.stacking import member_numbers
from skjacobnet.core.streams import Streams
from skjacobnet.core.workspace import Workspace
from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_type,
    assert_written,
)
from skjacobnet.testing.inputs import draw_inputs, draw_weights, trained
from skjacobnet.testing.side_by_side import MEMBERS, check_as_alone


def check_buffers(layer, weights, X, rng):
    """Check `out`, and that a second use of buffers does not depend on the first."""
    output, operator = layer.linearize(weights, X)
    out = np.full_like(output, np.nan)
    what = f"{layer!r}: forward"
    assert_written(layer.forward(weights, X, out), out, output, what)
    dense = operator.todense(len(X))
    cotangent = rng.normal(size=output.shape)
    gradients = layer.weight_vjp(weights, X, cotangent)
    elsewhere = X[::-1] + 0.5
    workspace = Workspace()
    _, stale = layer.linearize(weights, elsewhere, workspace=workspace)
    stale.jvp(X)
    buffered, operator_buffered = layer.linearize(weights, X, workspace=workspace)
    what = f"{layer!r}: linearize with a workspace that was used before"
    assert_same(buffered, output, what)
    assert_same(operator_buffered.todense(len(X)), dense, f"{what}, Jacobian")
    outs = _unwritten(trained(layer, weights))
    layer.weight_vjp(weights, X, cotangent, outs, workspace=workspace)
    _assert_gradients(outs, gradients, f"{layer!r}: weight_vjp, written to `out`")
    prepared = layer.prepare(weights, len(X), Workspace())
    prepared.linearize(elsewhere)
    what = f"{layer!r}: the second use of the prepared layer"
    again, operator_again = prepared.linearize(X)
    assert_same(again, output, what)
    assert_same(operator_again.todense(len(X)), dense, f"{what}, Jacobian")
    outs, out = _unwritten(trained(layer, weights)), np.full_like(X, np.nan)
    pulled_back = prepared.vjp(operator_again, X, cotangent, outs, out)
    assert_written(pulled_back, out, operator.vjp(cotangent), f"{what}, vjp")
    _assert_gradients(outs, gradients, f"{what}, vjp")


def _unwritten(weights):
    return {name: np.full_like(weight, np.nan) for name, weight in weights.items()}


def _assert_gradients(found, expected, what):
    for name, gradient in expected.items():
        assert_same(found[name], gradient, f"{what}, for {name!r}")


def check_stack(layer, weights, X, rng):
    """Check that a stack of inputs and weights gives the results of its members."""
    inputs = np.stack([X, draw_inputs(layer, X.shape, rng)])
    members = [weights, draw_weights(layer, X, rng)]
    stacked = _results(layer, _stack(members), inputs)
    single = [
        _results(layer, member, member_X)
        for member, member_X in zip(members, inputs, strict=True)
    ]
    for name, result in stacked.items():
        expected = np.stack([results[name] for results in single])
        assert_same(
            result, expected, f"{layer!r}: {name} of a stack against one by one"
        )
    if layer.stackable and member_numbers(layer):
        _check_numbers(layer, weights, X, rng)


def _check_numbers(layer, weights, X, rng):
    """Check networks whose layers differ in their member numbers and random draws."""
    inputs = np.stack([draw_inputs(layer, X.shape, rng) for _ in range(MEMBERS)])
    factors = np.array([1.0, 0.5, 0.75])
    names = member_numbers(layer)
    numbers = {name: float(getattr(layer, name)) * factors for name in names}

    seeds = rng.integers(1000, size=MEMBERS)

    def evaluate(part, arrays):
        X, seed = arrays.values()
        generators = [np.random.default_rng(int(s)) for s in np.atleast_1d(seed)]
        draws = Streams(generators) if np.ndim(seed) else generators[0]
        output, operator = part.linearize(weights, X, rng=draws)
        return {"output": output, "vjp": operator.vjp(np.cos(output))}

    arrays = {"inputs": inputs, "random draws": seeds}
    axes = {"inputs": 2, "random draws": 0}
    check_as_alone(evaluate, layer, arrays, axes, repr(layer), numbers)


def check_float32(layer, weights, X, rng):
    """Check that float32 inputs give float32 outputs, close to the float64 result."""
    drawn = layer.init_weights(X.shape[-1], rng, np.float32, X.astype(np.float32))
    for name, weight in drawn.items():
        assert_type(weight, np.float32, f"{layer!r}: init_weights, {name!r}")
    narrow = {name: weight.astype(np.float32) for name, weight in weights.items()}
    exact = _results(layer, weights, X)
    for name, result in _results(layer, narrow, X.astype(np.float32)).items():
        what = f"{layer!r}: {name} in float32"
        assert_type(result, np.float32, what)
        assert_close(result, exact[name], f"{what} against float64", 1e-4, 1e-6)


def check_sparse(layer, weights, X, rng):
    """Check that a CSR matrix gives the results of the dense one."""
    X = np.where(rng.random(X.shape) < 0.5, X, 0.0)
    sparse = csr_array(X)
    output = layer.forward(weights, X)
    what = f"{layer!r}: forward of a CSR matrix against a dense one"
    assert_same(layer.forward(weights, sparse), output, what)
    cotangent = rng.normal(size=output.shape)
    gradients = layer.weight_vjp(weights, X, cotangent)
    for name, gradient in layer.weight_vjp(weights, sparse, cotangent).items():
        what = f"{layer!r}: weight_vjp for {name!r} of a CSR matrix against a dense one"
        assert_same(gradient, gradients[name], what)
    prepared = layer.prepare(weights, X.shape[0], Workspace())
    what = f"{layer!r}: the prepared layer, of a CSR matrix"
    again, operator = prepared.linearize(sparse)
    assert_same(again, output, what)
    outs = _unwritten(trained(layer, weights))
    prepared.vjp(operator, sparse, cotangent, outs)
    _assert_gradients(outs, gradients, what)


def _stack(members):
    return {name: np.stack([m[name] for m in members]) for name in members[0]}


def _results(layer, weights, X):
    """Return all results of a layer, with cotangents that depend only on shapes."""
    output, operator = layer.linearize(weights, X)
    n_out = output.shape[-1]
    cotangent = np.cos(np.arange(output.shape[-2] * n_out)).reshape(-1, n_out)
    cotangent = np.broadcast_to(cotangent.astype(X.dtype), output.shape)
    tangent = np.sin(X)
    gradients = layer.weight_vjp(weights, X, cotangent)
    results = {
        "forward": layer.forward(weights, X),
        "linearize": output,
        "jvp": operator.jvp(tangent),
        "vjp": operator.vjp(cotangent),
        **{f"weight_vjp for {name!r}": g for name, g in gradients.items()},
    }
    if layer.twice_differentiable:
        pairs = np.stack([tangent, -tangent / 2]), np.stack([cotangent, output])
        for_input, for_weights = layer.second_vjp(weights, X, output, operator, *pairs)
        if for_input is not None:
            results["second_vjp for the input"] = for_input
        for name, gradient in for_weights.items():
            results[f"second_vjp for {name!r}"] = gradient
    own = trained(layer, weights)
    if own:
        tangents = {name: np.cos(weight) for name, weight in own.items()}
        results["weight_jvp"] = layer.weight_jvp(weights, X, tangents)
    return results
