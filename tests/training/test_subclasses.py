"""Overridden methods of built-in parts apply in training."""

import numpy as np
import pytest

from skjacobnet.layers import Linear, Sigmoid
from skjacobnet.losses import Brier, CrossEntropy, Focal
from skjacobnet.network import Network
from skjacobnet.regularizers import L1, Orthogonality, Sparsity
from skjacobnet.tasks import Classes
from skjacobnet.training.objective import Objective

RNG = np.random.default_rng(0)
X = RNG.standard_normal((9, 4))
TASK = Classes(np.arange(3))
Y = TASK.encode(RNG.integers(0, 3, 9), float)
WEIGHT = RNG.uniform(0.5, 1.5, 9)


def evaluate(loss, regularizers=()):
    network = Network([Linear(5), Sigmoid(), Linear(3)], n_in=4)
    theta = network.init_weights(np.random.default_rng(1), np.dtype(float))
    objective = Objective(network, loss, TASK.link(), regularizers)
    loss, penalty, gradient = objective(theta, X, Y, WEIGHT)
    return loss, penalty, gradient.copy()


def tenfold(base, *methods):
    """Return a subclass with ten times what some methods of a part return."""

    def times_ten(name):
        return lambda self, *args: 10.0 * getattr(base, name)(self, *args)

    return type("Tenfold", (base,), {name: times_ten(name) for name in methods})


@pytest.mark.parametrize("base", [CrossEntropy, Brier, Focal])
@pytest.mark.parametrize(
    "methods", [("value", "gradient"), ("sample_values", "sample_gradients")]
)
def test_losses(base, methods):
    loss, _, gradient = evaluate(base())
    changed, _, changed_gradient = evaluate(tenfold(base, *methods)())
    np.testing.assert_allclose(changed, 10.0 * loss)
    np.testing.assert_allclose(changed_gradient, 10.0 * gradient)


@pytest.mark.parametrize(
    ("base", "methods"),
    [
        (L1, ("value", "gradient")),
        (Orthogonality, ("value", "gradient")),
        (Sparsity, ("value", "cotangent")),
    ],
)
def test_penalties(base, methods):
    _, _, plain = evaluate(CrossEntropy())
    _, penalty, gradient = evaluate(CrossEntropy(), [base(0.1)])
    _, changed, changed_gradient = evaluate(
        CrossEntropy(), [tenfold(base, *methods)(0.1)]
    )
    np.testing.assert_allclose(changed, 10.0 * penalty)
    np.testing.assert_allclose(changed_gradient - plain, 10.0 * (gradient - plain))


def test_several_penalties_on_activations_add_up():
    parts = [Sparsity(0.1), Sparsity(0.2, "kl"), Sparsity(0.3)]
    _, _, plain = evaluate(CrossEntropy())
    _, penalty, gradient = evaluate(CrossEntropy(), parts)
    alone = [evaluate(CrossEntropy(), [part]) for part in parts]
    np.testing.assert_allclose(penalty, sum(each[1] for each in alone))
    np.testing.assert_allclose(
        gradient - plain, sum(each[2] - plain for each in alone), atol=1e-14
    )
