"""Time the automatic order of the chain rule beside both modes, on random nets.

Run it with one BLAS thread:
OPENBLAS_NUM_THREADS=1 python tests/benchmarks/orders.py
"""

from time import perf_counter

import numpy as np

from skjacobnet.layers import Linear, ReLU
from skjacobnet.network import build_network

N_NETS, ROUNDS = 150, 30
N_ROWS = 20, 500
MODES = "auto", "forward", "reverse"
QUANTILES = 0.05, 0.25, 0.5, 0.75, 0.95, 0.99
# Of more numbers than that no Jacobian is made.
LARGEST = 2**23


def draw_sizes(rng):
    """Return the widths of a net with one to three hidden layers, of 2 to 300 units."""
    exponents = rng.uniform(np.log(2), np.log(300), rng.integers(3, 6))
    return tuple(map(int, np.exp(exponents)))


def shortest_times(sizes, n_rows, dtype, rng):
    """Return the shortest time of each mode over rounds in random order."""
    hidden = [layer for width in sizes[1:-1] for layer in (Linear(width), ReLU())]
    network = build_network(hidden, sizes[0], sizes[-1])
    theta = network.init_weights(rng, dtype)
    X = rng.standard_normal((n_rows, sizes[0])).astype(dtype)
    times = dict.fromkeys(MODES, np.inf)
    for _ in range(ROUNDS + 1):
        for mode in map(str, rng.permutation(MODES)):
            start = perf_counter()
            network.input_jacobian(theta, X, mode)
            times[mode] = min(times[mode], perf_counter() - start)
    return times


def main():
    """Print how many times as long as the better mode the automatic order takes."""
    for dtype in map(np.dtype, (np.float32, np.float64)):
        rng = np.random.default_rng(0)
        found = []
        for _ in range(N_NETS):
            sizes = draw_sizes(rng)
            for n_rows in N_ROWS:
                if n_rows * sizes[0] * sizes[-1] > LARGEST:
                    continue
                times = shortest_times(sizes, n_rows, dtype, rng)
                ratio = times["auto"] / min(times["forward"], times["reverse"])
                found.append((ratio, "-".join(map(str, sizes)), n_rows))
        found.sort()
        ratios = np.array([ratio for ratio, *_ in found])
        shares = ", ".join(f"{q:.0%} {np.quantile(ratios, q):.2f}" for q in QUANTILES)
        print(f"{dtype}, {len(found)} cases: {shares}; over 1.15: {sum(ratios > 1.15)}")
        for ratio, net, n_rows in found[-3:]:
            print(f"    {ratio:.2f}  {net}, {n_rows} rows")


if __name__ == "__main__":
    main()
