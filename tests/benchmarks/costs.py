"""Fit the costs of products of Jacobians, for ``skjacobnet/operators/costs.py``.

Run it with one BLAS thread:
OPENBLAS_NUM_THREADS=1 python tests/benchmarks/costs.py
"""

from time import perf_counter

import numpy as np
from scipy.optimize import nnls

from skjacobnet.core.blocks import BLOCK_BYTES

N_SHAPES, ROUNDS = 150, 9
# Products that take longer than this many multiplications are left out.
LONGEST = 2e8


def shortest(call):
    """Return the shortest time of a call in seconds, after one that does not count."""
    call()
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def unit(dtype):
    """Return the seconds of one multiplication inside a large matrix product."""
    n = 1024
    matrix, out = np.ones((n, n), dtype), np.empty((n, n), dtype)
    return shortest(lambda: np.dot(matrix, matrix, out)) / n**3


def cases(o, n, i, n_samples, dtype, rng):
    """Yield each way to multiply: its name, a call, and what it is charged for."""

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    left, right, out = (
        draw(n_samples, o, n),
        draw(n_samples, n, i),
        draw(n_samples, o, i),
    )
    shared_left, shared_right = draw(o, n), draw(n, i)
    diagonal, scaled = draw(n_samples, n), np.empty((n_samples, o, n), dtype)
    right_by_columns = np.ascontiguousarray(right.swapaxes(1, 2)).swapaxes(1, 2)
    by_columns = draw(n_samples, i, o)
    outer = np.empty((n, o, i), dtype)
    numbers = o * n + n * i + o * i

    yield (
        "scale, constant",
        lambda: np.multiply(shared_left, diagonal[:, np.newaxis], scaled),
        {"1": 1, "loop": o, "number": o * n},
    )
    yield (
        "scale, dense",
        lambda: np.multiply(left, diagonal[:, np.newaxis], scaled),
        {"1": 1, "loop": o, "number": o * n},
    )
    yield (
        "rows",
        lambda: np.dot(left.reshape(-1, n), shared_right, out.reshape(-1, i)),
        {"product": o * n * i, "streamed": o * n + o * i},
    )
    yield (
        "columns to rows",
        lambda: np.copyto(out, by_columns.swapaxes(1, 2)),
        {"number": o * i},
    )
    for name, matrix in (("dense", right), ("transposed", right_by_columns)):
        yield (
            f"samples, right {name}",
            lambda matrix=matrix: np.matmul(shared_left, matrix, out),
            {"1": 1, "product": o * n * i, "number": numbers},
        )
    columns, rows = shared_left.T[:, :, np.newaxis], shared_right[:, np.newaxis]
    yield (
        "outer products, once",
        lambda: np.multiply(columns, rows, outer),
        {"loop": n * o / n_samples, "number": n * o * i / n_samples},
    )
    yield (
        "around a diagonal",
        lambda: np.dot(diagonal, outer.reshape(n, -1), out.reshape(n_samples, -1)),
        {"product": o * n * i, "streamed": n + o * i},
    )


def main():
    """Print the fitted costs of each way, and how far off they are at the median."""
    for dtype in map(np.dtype, (np.float32, np.float64)):
        rng = np.random.default_rng(0)
        one = unit(dtype)
        print(f"{dtype}: one multiplication takes {1e9 * one:.4f} ns")
        found = {}
        for _ in range(N_SHAPES):
            o, n, i = map(int, np.exp(rng.uniform(np.log(2), np.log(400), 3)))
            width = max(o, n, i) * min(o, i) * dtype.itemsize
            n_samples = min(1000, max(8, BLOCK_BYTES // width))
            if n_samples * o * n * i > LONGEST:
                continue
            for name, call, parts in cases(o, n, i, n_samples, dtype, rng):
                cost = shortest(call) / n_samples / one
                found.setdefault(name, []).append((cost, parts))
        for name, rows in found.items():
            costs = np.array([cost for cost, _ in rows])
            parts = np.array([list(parts.values()) for _, parts in rows], float)
            # Relative errors count, so that small products do.
            fitted, _ = nnls(parts / costs[:, np.newaxis], np.ones(len(costs)))
            off = np.median(np.abs(np.log(parts @ fitted / costs)))
            terms = ", ".join(
                f"{term} {value:.3g}"
                for term, value in zip(rows[0][1], fitted, strict=True)
            )
            print(f"    {name:<26}{terms}  (off by {np.expm1(off):.0%})")


if __name__ == "__main__":
    main()
