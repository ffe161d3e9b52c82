"""Checks of a layer: by assertions, and by a print for the eye."""

import numpy as np
from scipy.sparse import csr_array

from skjacobnet._workspace import Workspace
from skjacobnet.layers.base import Elementwise
from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_type,
    assert_written,
    unchanged,
)
from skjacobnet.testing.finite_differences import (
    STEP,
    empirical_jacobian,
    finite_difference,
)
from skjacobnet.testing.operators import check_operator


def check_layer(layer, n_in=5, n_samples=7, random_state=0):
    """Check everything that the contract of a layer promises.

    In float64, on random inputs of both signs and random weights: the shapes; that
    `forward` and `linearize` give the same output; the Jacobian for the input and for
    each weight against central differences; `weight_vjp` against `weight_jvp`; the
    operator, by `check_operator`; for an `Elementwise` layer also the second
    derivative. Then: free leading axes, float32, `out`, workspaces, CSR inputs where
    the layer accepts them, that equal generators give equal random draws, and that
    neither the layer nor an argument has changed.

    Parameters
    ----------
    layer : Layer
    n_in : int >= 1, default=5
        Width of the inputs.
    n_samples : int >= 1, default=7
    random_state : int, Generator or None, default=0
        Draws inputs, weights and tangents.

    Raises
    ------
    AssertionError
        If one of these fails. The message names the layer and the derivative, and has
        both numbers, where they differ most, and the tolerance.

    See Also
    --------
    sanity_check : Prints the two Jacobians of a layer side by side.
    check_gradients : Checks a whole model.

    Notes
    -----
    Derivatives must agree to 1e-6 of the largest entry, which a factor of 1.001 fails.
    Inputs keep a distance of 0.1 from the `kinks` of an elementwise layer; other layers
    are taken to be smooth. A layer that draws random numbers is also checked while it
    draws, with its draws held fixed.

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> check_layer(Linear(3))
    """
    layer.validate()
    rng = np.random.default_rng(random_state)
    X = draw_inputs(layer, (n_samples, n_in), rng)
    weights = _draw_weights(layer, X, rng)
    with unchanged(layer, X=X, **weights):
        _check_shapes(layer, weights, X)
        _check_jacobian(layer, weights, X, rng, None)
        _check_jacobian(layer, weights, X, rng, int(rng.integers(2**31)))
        if isinstance(layer, Elementwise):
            _check_elementwise(layer, X)
        _check_weight_derivatives(layer, weights, X, rng)
        _check_buffers(layer, weights, X, rng)
        _check_stack(layer, weights, X, rng)
        _check_float32(layer, weights, X, rng)
        if layer.accepts_sparse:
            _check_sparse(layer, weights, X, rng)


def sanity_check(layer, X):
    """Print the exact and the empirical Jacobian of a layer side by side.

    Parameters
    ----------
    layer : Layer
        Its weights are drawn with a fixed seed.
    X : array of shape (n_samples, n_in)

    See Also
    --------
    check_layer : Raises instead of printing, and checks much more.

    Notes
    -----
    Computed in float64. Means are over all entries of the Jacobian, (n_samples, n_out,
    n_in), and so is that of the absolute difference.

    Examples
    --------
    >>> from skjacobnet.layers import ReLU
    >>> sanity_check(ReLU(), np.array([[1.0, -1.0], [2.0, 3.0]]))
    ReLU
      output     (2, 2)
      Jacobian   (2, 2, 2)
      empirical  0.375 on average, (2, 2, 2)
      exact      0.375 on average, (2, 2, 2)
      difference ...e-12 on average
    """
    X = np.asarray(X, np.float64)
    weights = layer.init_weights(X.shape[-1], np.random.default_rng(0), X.dtype, X)
    output, operator = layer.linearize(weights, X)
    exact = operator.todense(X.shape[0])
    empirical = empirical_jacobian(lambda X: layer.forward(weights, X), X)
    lines = [
        type(layer).__name__,
        f"  output     {output.shape}",
        f"  Jacobian   {exact.shape}",
        f"  empirical  {np.mean(empirical):.3g} on average, {empirical.shape}",
        f"  exact      {np.mean(exact):.3g} on average, {exact.shape}",
        f"  difference {np.mean(np.abs(exact - empirical)):.1e} on average",
    ]
    print("\n".join(lines))  # noqa: T201 - printing is what it is for


def draw_inputs(layer, shape, rng, clearance=0.1):
    """Draw inputs of both signs that keep clear of the kinks of a layer.

    Parameters
    ----------
    layer : Layer
    shape : tuple of int
    rng : numpy.random.Generator
    clearance : float > 0, default=0.1
        The least distance from a kink. Unit: that of the input.

    Returns
    -------
    array of the given shape, float64

    Raises
    ------
    ValueError
        If kinks are so dense that no inputs were found.
    """
    X = rng.normal(scale=2.0, size=shape)
    kinks = layer.kinks if isinstance(layer, Elementwise) else ()
    for _ in range(1000):
        near = np.zeros(shape, bool)
        for kink in kinks:
            near |= np.abs(X - kink) < clearance
        if not near.any():
            return X
        X[near] = rng.normal(scale=2.0, size=np.count_nonzero(near))
    raise ValueError(f"{layer!r}: no room for inputs between the kinks {kinks}.")


def _draw_weights(layer, X, rng):
    """Draw weights as at the start of a training, and move all of them a little."""
    weights = layer.init_weights(X.shape[-1], rng, X.dtype, X)
    return {
        name: weight + rng.normal(scale=0.1, size=weight.shape)
        for name, weight in weights.items()
    }


def _check_shapes(layer, weights, X):
    n_samples, n_in = X.shape
    shapes = {name: weight.shape for name, weight in weights.items()}
    declared = layer.weight_shapes(n_in)
    if list(declared.items()) != list(shapes.items()):
        raise AssertionError(
            f"{layer!r}: weight_shapes says {declared}, init_weights gives {shapes}."
        )
    if not set(layer.penalized) <= set(weights):
        raise AssertionError(
            f"{layer!r}: penalized names {layer.penalized}, the weights are "
            f"{tuple(weights)}."
        )
    expected = (n_samples, layer.output_size(n_in))
    output = layer.forward(weights, X)
    if output.shape != expected:
        raise AssertionError(
            f"{layer!r}: the output has the shape {output.shape}, output_size says "
            f"{expected}."
        )


def _check_jacobian(layer, weights, X, rng, seed):
    """Check `linearize`, drawing from a generator with that seed if there is one."""

    def linearize(X):
        draws = None if seed is None else np.random.default_rng(seed)
        return layer.linearize(weights, X, rng=draws)

    name = repr(layer) if seed is None else f"{layer!r} with rng"
    output, operator = linearize(X)
    if seed is None:
        what = f"{name}: output of linearize against forward"
        assert_same(output, layer.forward(weights, X), what)
    again, operator_again = linearize(X)
    exact = operator.todense(len(X))
    if not np.array_equal(output, again) or not np.array_equal(
        exact, operator_again.todense(len(X))
    ):
        raise AssertionError(f"{name}: equal arguments give different results.")
    empirical = empirical_jacobian(lambda X: linearize(X)[0], X)
    assert_close(exact, empirical, f"{name}: Jacobian of the output for the input")
    try:
        check_operator(operator, len(X), rng)
    except AssertionError as error:
        raise AssertionError(f"{name}: operator {error}") from error


def _check_elementwise(layer, X):
    y = layer.function(X)
    slope = layer.derivative(X, y)
    out = np.full_like(X, np.nan)
    assert_written(layer.function(X, out), out, y, f"{layer!r}: function")
    out = np.full_like(X, np.nan)
    assert_written(layer.derivative(X, y, out), out, slope, f"{layer!r}: derivative")
    low, high = layer.value_range
    if np.min(y) < low or np.max(y) > high:
        raise AssertionError(
            f"{layer!r}: values from {np.min(y)} to {np.max(y)} leave the value_range "
            f"{layer.value_range}."
        )
    h = STEP * np.maximum(1.0, np.abs(X))
    above, below = X + h, X - h
    change = layer.derivative(above, layer.function(above))
    change = change - layer.derivative(below, layer.function(below))
    assert_close(
        layer.second_derivative(X, y),
        change / (above - below),
        f"{layer!r}: second derivative, against differences of the derivative",
    )


def _check_weight_derivatives(layer, weights, X, rng):
    cotangent = rng.normal(size=(len(X), layer.output_size(X.shape[-1])))
    gradients = layer.weight_vjp(weights, X, cotangent)
    if gradients.keys() != weights.keys():
        raise AssertionError(
            f"{layer!r}: weight_vjp gives {sorted(gradients)}, the weights are "
            f"{sorted(weights)}."
        )
    zeros = {name: np.zeros_like(weight) for name, weight in weights.items()}
    for name, weight in weights.items():
        tangent = rng.normal(size=weight.shape)
        assert_close(
            layer.weight_jvp(weights, X, {**zeros, name: tangent}),
            finite_difference(
                lambda w, name=name: layer.forward({**weights, name: w}, X),
                weight,
                tangent,
            ),
            f"{layer!r}: weight_jvp, the derivative of the output for {name!r}",
        )
        # Entry by entry, so that a failure can say which one is wrong.
        basis = np.eye(weight.size).reshape(weight.size, *weight.shape)
        sums = [
            np.sum(layer.weight_jvp(weights, X, {**zeros, name: unit}) * cotangent)
            for unit in basis
        ]
        assert_same(
            gradients[name],
            np.reshape(sums, weight.shape),
            f"{layer!r}: weight_vjp, the gradient for {name!r} summed over samples, "
            f"against weight_jvp",
        )


def _check_buffers(layer, weights, X, rng):
    """Check `out`, and that a second use of a workspace forgets the first."""
    output, operator = layer.linearize(weights, X)
    out = np.full_like(output, np.nan)
    what = f"{layer!r}: forward"
    assert_written(layer.forward(weights, X, out), out, output, what)
    workspace = Workspace()
    _, stale = layer.linearize(weights, X[::-1] + 0.5, workspace=workspace)
    stale.jvp(X)
    buffered, operator_buffered = layer.linearize(weights, X, workspace=workspace)
    what = f"{layer!r}: linearize with a workspace that was used before"
    assert_same(buffered, output, what)
    dense = operator.todense(len(X))
    assert_same(operator_buffered.todense(len(X)), dense, f"{what}, Jacobian")
    cotangent = rng.normal(size=output.shape)
    gradients = layer.weight_vjp(weights, X, cotangent)
    outs = {name: np.full_like(weight, np.nan) for name, weight in weights.items()}
    layer.weight_vjp(weights, X, cotangent, outs, workspace=workspace)
    for name, gradient in gradients.items():
        what = f"{layer!r}: weight_vjp for {name!r}, written to `out`"
        assert_same(outs[name], gradient, what)


def _check_stack(layer, weights, X, rng):
    """Check that a stack of inputs and weights gives what its members give."""
    inputs = np.stack([X, draw_inputs(layer, X.shape, rng)])
    members = [weights, _draw_weights(layer, X, rng)]
    stacked = _results(layer, _stack(members), inputs, rng)
    single = [
        _results(layer, member, member_X, rng)
        for member, member_X in zip(members, inputs, strict=True)
    ]
    for name, result in stacked.items():
        expected = np.stack([results[name] for results in single])
        assert_same(result, expected, f"{layer!r}: {name} of a stack against one by one")


def _check_float32(layer, weights, X, rng):
    drawn = layer.init_weights(X.shape[-1], rng, np.float32, X.astype(np.float32))
    for name, weight in drawn.items():
        assert_type(weight, np.float32, f"{layer!r}: init_weights, {name!r}")
    narrow = {name: weight.astype(np.float32) for name, weight in weights.items()}
    exact = _results(layer, weights, X, rng)
    for name, result in _results(layer, narrow, X.astype(np.float32), rng).items():
        what = f"{layer!r}: {name} in float32"
        assert_type(result, np.float32, what)
        assert_close(result, exact[name], f"{what} against float64", 1e-4, 1e-6)


def _check_sparse(layer, weights, X, rng):
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


def _stack(members):
    return {name: np.stack([m[name] for m in members]) for name in members[0]}


def _results(layer, weights, X, rng):
    """Return all results of a layer, with cotangents that depend on shapes alone."""
    del rng
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
    if weights:
        tangents = {name: np.cos(weight) for name, weight in weights.items()}
        results["weight_jvp"] = layer.weight_jvp(weights, X, tangents)
    return results
