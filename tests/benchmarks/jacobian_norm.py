"""Time a step with a penalty on the Jacobian beside a plain one, in alternating rounds.

Run it with one BLAS thread:
OPENBLAS_NUM_THREADS=1 python tests/benchmarks/jacobian_norm.py
"""

from time import perf_counter

import numpy as np

from skjacobnet.layers import LAYERS, Linear
from skjacobnet.links import SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import Network
from skjacobnet.optimizers import Adam
from skjacobnet.regularizers import InputGradient, JacobianNorm
from skjacobnet.training.objective import Objective

NETS = [(64, (100,), 32), (64, (100,), 200), (784, (256, 128), 128)]
PENALTIES = {
    "one projection": JacobianNorm(1e-2, 1),
    "exact": JacobianNorm(1e-2),
    "input gradient": InputGradient(1e-2),
}
ROUNDS, STEPS = 100, 5


def stepper(n_in, hidden, n_samples, activation, regularizers):
    """Return a function that takes one step of a float32 network with Adam."""
    rng = np.random.default_rng(0)
    layers = []
    for width in hidden:
        layers += [Linear(width), LAYERS.make(activation)]
    network = Network([*layers, Linear(10)], n_in)
    theta = network.init_weights(rng, np.float32)
    X = rng.random((n_samples, n_in), np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(10, size=n_samples)]
    objective = Objective(network, CrossEntropy(), SOFTMAX, regularizers)
    optimizer = Adam()
    state, mask = optimizer.init(theta), network.decay_mask(np.float32)

    def step():
        _, _, gradient = objective(theta, X, y, None, rng)
        optimizer.step(theta, gradient, state, 1e-4, mask)

    return step


def main():
    """Print the median of a plain step and what each penalty multiplies it by."""
    names = "".join(f"{name:>16}" for name in PENALTIES)
    print(f"{'net':<18}{'batch':>6}  {'activation':<10}{'plain, us':>10}{names}")
    for n_in, hidden, n_samples in NETS:
        for activation in ("relu", "tanh"):
            net = n_in, hidden, n_samples, activation
            steps = [stepper(*net, [])]
            steps += [stepper(*net, [penalty]) for penalty in PENALTIES.values()]
            times = np.empty((ROUNDS, len(steps)))
            for row in times:
                for index, step in enumerate(steps):
                    start = perf_counter()
                    for _ in range(STEPS):
                        step()
                    row[index] = (perf_counter() - start) / STEPS
            plain, *others = np.median(times, axis=0)
            name = "-".join(map(str, (n_in, *hidden, 10)))
            ratios = "".join(f"{other / plain:>16.2f}" for other in others)
            net = f"{name:<18}{n_samples:>6}  {activation:<10}"
            print(f"{net}{1e6 * plain:>10.0f}{ratios}")


if __name__ == "__main__":
    main()
