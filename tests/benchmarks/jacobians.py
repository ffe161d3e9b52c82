"""Full input Jacobians, and the automatic order beside both modes."""

import numpy as np
from peers import installed
from timing import medians

from skjacobnet.layers import Linear, ReLU
from skjacobnet.network import build_network

# Sizes, rows, and the better mode.
CASES = [
    ((64, 100, 10), 1000, "reverse"),
    ((784, 256, 128, 10), 1000, "reverse"),
    ((10, 512, 512, 100), 200, "forward"),
    ((784, 256, 8, 256, 784), 50, "reverse"),
]


def matrix_products(coefs, n_rows, mode):
    """Return a function that does the products of one mode and nothing else."""
    sizes = [coefs[0].shape[0], *(coef.shape[1] for coef in coefs)]
    width = sizes[-1] if mode == "reverse" else sizes[0]
    make = {"shape": n_rows * width, "dtype": coefs[0].dtype}
    values = [np.ones((n_rows, n), make["dtype"]) for n in sizes]
    stacks = [np.ones((make["shape"], n), make["dtype"]) for n in sizes]

    def products():
        for i, coef in enumerate(coefs):
            np.dot(values[i], coef, values[i + 1])
        if mode == "forward":
            for i in range(1, len(coefs)):
                np.dot(stacks[i], coefs[i], stacks[i + 1])
        else:
            for i in range(len(coefs) - 2, -1, -1):
                np.dot(stacks[i + 1], coefs[i].T, stacks[i])

    return products


def torch_jacobian(coefs, intercepts, X, mode):
    """Return the same with vmap of torch.func, and its result."""
    import torch
    from torch.func import jacfwd, jacrev, vmap

    weights = [
        (torch.from_numpy(coef), torch.from_numpy(intercept))
        for coef, intercept in zip(coefs, intercepts, strict=True)
    ]
    X = torch.from_numpy(X)

    def raw(x):
        for coef, intercept in weights[:-1]:
            x = torch.relu(x @ coef + intercept)
        return x @ weights[-1][0] + weights[-1][1]

    jacobian = vmap((jacrev if mode == "reverse" else jacfwd)(raw))
    return lambda: jacobian(X).numpy()


def jax_jacobian(coefs, intercepts, X, mode):
    """Return the same with JAX, jitted."""
    import jax

    jax.config.update("jax_enable_x64", X.dtype == np.float64)
    weights = list(zip(coefs, intercepts, strict=True))

    def raw(x):
        for coef, intercept in weights[:-1]:
            x = jax.nn.relu(x @ coef + intercept)
        return x @ weights[-1][0] + weights[-1][1]

    make = jax.jacrev if mode == "reverse" else jax.jacfwd
    jacobian = jax.jit(jax.vmap(make(raw)))
    return lambda: np.asarray(jacobian(X))


def measure(quick):
    """Yield a record for each net, type and peer."""
    rng = np.random.default_rng(0)
    for sizes, n_rows, mode in CASES[:1] if quick else CASES:
        for dtype in ("float32", "float64"):
            hidden = [layer for n in sizes[1:-1] for layer in (Linear(n), ReLU())]
            network = build_network(hidden, sizes[0], sizes[-1])
            theta = network.init_weights(rng, np.dtype(dtype))
            X = rng.standard_normal((n_rows, sizes[0])).astype(dtype)
            weights = (
                network.weights(theta, "coef"),
                network.weights(theta, "intercept"),
            )
            calls = {
                f"skjacobnet, {order}": lambda order=order, t=theta, X=X, n=network: (
                    n.input_jacobian(t, X, order)
                )
                for order in ("auto", "forward", "reverse")
            }
            if installed("torch"):
                calls["torch.func"] = torch_jacobian(*weights, X, mode)
            if installed("jax"):
                calls["JAX, jitted"] = jax_jacobian(*weights, X, mode)
            ours = calls["skjacobnet, auto"]()
            for call in calls.values():
                np.testing.assert_allclose(call(), ours, rtol=1e-3, atol=1e-4)
            calls["matrix products alone"] = matrix_products(weights[0], n_rows, mode)
            case = "-".join(map(str, sizes)) + f", {n_rows:,} rows"
            for name, seconds in medians(calls, 3 if quick else 7).items():
                yield {
                    "what": "input Jacobian",
                    "case": case,
                    "dtype": dtype,
                    "peer": name,
                    "seconds": seconds,
                }
