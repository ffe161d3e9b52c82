"""Checks of a layer: assertions, and a printed comparison."""

import numpy as np

from skjacobnet.layers.base import Elementwise
from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_written,
    unchanged,
)
from skjacobnet.testing.consistency import (
    check_buffers,
    check_float32,
    check_sparse,
    check_stack,
)
from skjacobnet.testing.finite_differences import (
    STEP,
    empirical_gradient,
    empirical_jacobian,
    finite_difference,
)
from skjacobnet.testing.inputs import draw_inputs, draw_weights, trained
from skjacobnet.testing.operators import check_operator


def check_layer(layer, n_in=5, n_samples=7, random_state=0):
    """Check the whole interface of a layer.

    In float64, on random inputs of both signs and random weights: the shapes; that
    `forward` and `linearize` give the same output; the Jacobian with respect to the
    input and to each weight against central differences; `weight_vjp` against
    `weight_jvp`; the operator, by `check_operator`; for an `Elementwise` layer also the
    second derivative, and for a layer that is twice differentiable `second_vjp`. Then:
    free leading axes, `sample_gradients` and `sample_squared_norms` against
    `weight_vjp` row by row, float32, `out`, workspaces, CSR inputs if the layer accepts
    them, that equal generators give equal random draws, and that neither the layer nor
    an argument is modified. `fixed` weights must have zero derivatives.

    Parameters
    ----------
    layer : Layer
    n_in : int >= 1, default=5
        Width of the inputs.
    n_samples : int >= 1, default=7
    random_state : int, Generator or None, default=0
        Seed of inputs, weights and tangents.

    Raises
    ------
    AssertionError
        If a check fails. The message names the layer and the derivative, and shows both
        numbers, the place of the largest difference, and the tolerance.

    See Also
    --------
    sanity_check : Prints the two Jacobians of a layer side by side.
    check_gradients : Checks a whole model.

    Notes
    -----
    Derivatives must agree to 1e-6 of the largest entry, so an error by a factor of
    1.001 fails. Inputs have a distance of at least 0.1 from the `kinks` of an
    elementwise layer; other layers are assumed to be smooth. A random layer is also
    checked with random draws, which are held fixed.

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> check_layer(Linear(3))
    """
    layer.validate()
    rng = np.random.default_rng(random_state)
    X = draw_inputs(layer, (n_samples, n_in), rng)
    weights = draw_weights(layer, X, rng)
    with unchanged(layer, X=X, **weights):
        _check_shapes(layer, weights, X)
    with unchanged(layer, X=X, **weights):
        _check_jacobian(layer, weights, X, rng, None)
        _check_jacobian(layer, weights, X, rng, int(rng.integers(2**31)))
        if isinstance(layer, Elementwise):
            _check_elementwise(layer, X)
        _check_weight_derivatives(layer, weights, X, rng)
        if layer.twice_differentiable:
            _check_second_vjp(layer, weights, X, rng)
        check_buffers(layer, weights, X, rng)
        check_stack(layer, weights, X, rng)
        _check_sample_gradients(layer, weights, X, rng)
        check_float32(layer, weights, X, rng)
        if layer.accepts_sparse:
            check_sparse(layer, weights, X, rng)


def sanity_check(layer, X):
    """Print the exact and the empirical Jacobian of a layer side by side.

    Parameters
    ----------
    layer : Layer
        Layer to check. Its weights are drawn with a fixed seed; statistics are the
        default ones for no data.
    X : array of shape (n_samples, n_in)

    See Also
    --------
    check_layer : Raises errors instead of printing, and checks the whole interface.

    Notes
    -----
    Computed in float64. All means, that of the absolute difference included, are over
    all entries of the Jacobian, (n_samples, n_out, n_in).

    Examples
    --------
    >>> from skjacobnet.layers import ReLU
    >>> sanity_check(ReLU(), np.array([[1.0, -1.0], [2.0, 3.0]]))
    ReLU
      output     (2, 2)
      Jacobian   (2, 2, 2)
      empirical  0.375 on average, (2, 2, 2)
      exact      0.375 on average, (2, 2, 2)
      difference 0.0e+00 on average
    """
    X = np.asarray(X, np.float64)
    n_in = X.shape[-1]
    weights = layer.init_weights(n_in, np.random.default_rng(0), X.dtype, X)
    weights |= layer.neutral_statistics(n_in)
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
    print("\n".join(lines))


def _check_shapes(layer, weights, X):
    n_samples, n_in = X.shape
    own = trained(layer, weights)
    shapes = {name: weight.shape for name, weight in own.items()}
    declared = layer.weight_shapes(n_in)
    if list(declared.items()) != list(shapes.items()):
        raise AssertionError(
            f"{layer!r}: weight_shapes says {declared}, init_weights gives {shapes}."
        )
    if not set(layer.penalized) <= set(own):
        raise AssertionError(
            f"{layer!r}: penalized names {layer.penalized}, the weights are "
            f"{tuple(own)}."
        )
    expected = (n_samples, layer.output_size(n_in))
    output = layer.forward(weights, X)
    if output.shape != expected:
        raise AssertionError(
            f"{layer!r}: the output has the shape {output.shape}, output_size says "
            f"{expected}."
        )
    layer.linearize(weights, X)[1].todense(n_samples)


def _check_jacobian(layer, weights, X, rng, seed):
    """Check `linearize`, with a generator of that seed if given."""

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
    gradients, own = layer.weight_vjp(weights, X, cotangent), trained(layer, weights)
    if gradients.keys() != own.keys():
        raise AssertionError(
            f"{layer!r}: weight_vjp gives {sorted(gradients)}, the weights are "
            f"{sorted(own)}."
        )
    zeros = {name: np.zeros_like(weight) for name, weight in own.items()}
    fixed = layer.fixed(own)
    for name, weight in own.items():
        if name in fixed:
            _check_fixed(layer, weights, X, name, gradients[name])
            continue
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
        # Entry by entry, so that a message can name the wrong one.
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


def _check_second_vjp(layer, weights, X, rng):
    """Check the derivatives of a product with the Jacobian, with fixed draws."""
    seed = int(rng.integers(2**31))
    n_out = layer.output_size(X.shape[-1])
    tangent = rng.normal(size=(2, *X.shape))
    cotangent = rng.normal(size=(2, len(X), n_out))

    def linearize(weights, X):
        return layer.linearize(weights, X, rng=np.random.default_rng(seed))

    def product(weights, X):
        return np.sum(linearize(weights, X)[1].jvp(tangent) * cotangent)

    with unchanged(layer, X=X, tangent=tangent, cotangent=cotangent, **weights):
        for_input, for_weights = layer.second_vjp(
            weights, X, *linearize(weights, X), tangent, cotangent
        )
    assert_close(
        np.zeros_like(X) if for_input is None else for_input,
        empirical_gradient(lambda X: product(weights, X), X),
        f"{layer!r}: second_vjp for the input",
    )
    own = trained(layer, weights)
    fixed = layer.fixed(own)
    for name, weight in own.items():
        expected = np.zeros_like(weight)
        if name not in fixed:
            expected = empirical_gradient(
                lambda w, name=name: product({**weights, name: w}, X), weight
            )
        found = for_weights.get(name, np.zeros_like(weight))
        assert_close(found, expected, f"{layer!r}: second_vjp for {name!r}")


def _check_sample_gradients(layer, weights, X, rng):
    cotangent = rng.normal(size=(len(X), layer.output_size(X.shape[-1])))
    each = layer.sample_gradients(weights, X, cotangent)
    squared = np.zeros(len(X))
    for name, weight in trained(layer, weights).items():
        rows = [
            layer.weight_vjp(weights, X[s : s + 1], cotangent[s : s + 1])[name]
            for s in range(len(X))
        ]
        rows = np.reshape(rows, (len(X), *weight.shape))
        what = f"{layer!r}: sample_gradients, for {name!r}"
        assert_same(each[name], rows, what + ", against weight_vjp of single rows")
        out = {key: np.full_like(gradient, np.nan) for key, gradient in each.items()}
        again = layer.sample_gradients(weights, X, cotangent, dict(out))
        assert_written(again[name], out[name], each[name], what)
        squared += np.sum(rows.reshape(len(X), -1) ** 2, axis=1)
    assert_same(
        layer.sample_squared_norms(weights, X, cotangent),
        squared,
        f"{layer!r}: sample_squared_norms, against weight_vjp of single rows",
    )


def _check_fixed(layer, weights, X, name, gradient):
    tangents = {key: np.zeros_like(weight) for key, weight in weights.items()}
    tangents[name] = np.ones_like(weights[name])
    if np.any(gradient) or np.any(layer.weight_jvp(weights, X, tangents)):
        raise AssertionError(
            f"{layer!r}: weight_vjp and weight_jvp must be zero for {name!r}, which is "
            f"fixed."
        )
