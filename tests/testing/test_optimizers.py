import numpy as np
import pytest

from skjacobnet.core.component import Component
from skjacobnet.optimizers import OPTIMIZERS, FullBatchOptimizer, Optimizer
from skjacobnet.testing import check_optimizer


class Heavy(Optimizer):
    """Gradient descent with momentum and a decoupled decay."""

    default_learning_rate = 0.1

    def __init__(self, momentum=0.5, decay=0.01):
        self.momentum = momentum
        self.decay = decay

    def init(self, theta):
        return {"velocity": np.zeros_like(theta), "step": 0}

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        state["step"] += 1
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        mask = 1.0 if decay_mask is None else decay_mask
        theta -= learning_rate * (velocity + self.decay * mask * theta)


class Descent(FullBatchOptimizer):
    """Gradient descent to the end."""

    def minimize(self, objective, theta, max_iter, tol, callback=None):
        for _ in range(max_iter):
            value, gradient = objective(theta)
            if np.max(np.abs(gradient)) <= tol:
                return True
            theta -= 1.5 * gradient
            if callback is not None and callback(theta, value, gradient):
                return False
        return False


@pytest.mark.parametrize("optimizer", [Heavy(), Heavy(0.0), Descent()], ids=repr)
@pytest.mark.parametrize("seed", [0, 1])
def test_good_optimizers_pass(optimizer, seed):
    check_optimizer(optimizer, random_state=seed)


@pytest.mark.parametrize("name", OPTIMIZERS.names)
@pytest.mark.parametrize("seed", [0, 1])
def test_all_optimizers_pass(name, seed):
    check_optimizer(OPTIMIZERS.make(name), random_state=seed)


class KeepsTheStep(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        self.last_step = state["step"]
        super().step(theta, gradient, state, learning_rate, decay_mask)


class KeepsTheStepOnTheClass(Heavy):
    """Hides it from `vars`."""

    count = 0

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        type(self).count += 1
        rate = learning_rate / type(self).count
        super().step(theta, gradient, state, rate, decay_mask)


class SharesItsState(Heavy):
    def init(self, theta):
        return {
            "velocity": VELOCITY.setdefault(theta.dtype, np.zeros_like(theta)),
            "step": 0,
        }


VELOCITY = {}


class NewTheta(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        super().step(theta.copy(), gradient, state, learning_rate, decay_mask)


class ScalesTheGradient(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        gradient *= 0.5
        super().step(theta, gradient, state, learning_rate, decay_mask)


class WideState(Heavy):
    def init(self, theta):
        return {"velocity": np.zeros(theta.shape), "step": 0}


class NormOfTheStack(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        gradient = gradient / np.sqrt(np.sum(gradient**2))
        super().step(theta, gradient, state, learning_rate, decay_mask)


class IgnoresTheMask(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        super().step(theta, gradient, state, learning_rate)


class DividesByTheGradient(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        with np.errstate(invalid="ignore"):
            gradient = gradient / np.abs(gradient)
        super().step(theta, gradient, state, learning_rate, decay_mask)


class Ascends(Heavy):
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        super().step(theta, -gradient, state, learning_rate, decay_mask)


class NeverConverges(Descent):
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        super().minimize(objective, theta, max_iter, tol, callback)
        return False


class StopsEarly(Descent):
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        return super().minimize(objective, theta, max_iter, 10 * tol, callback)


class NewThetaOfAll(Descent):
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        return super().minimize(objective, theta.copy(), max_iter, tol, callback)


class OneMore(Descent):
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        return super().minimize(objective, theta, max_iter + 1, tol, callback)


class DeafToTheCallback(Descent):
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        def deaf(*args):
            callback(*args)

        return super().minimize(objective, theta, max_iter, tol, callback and deaf)


class StartsFromTheLast(Descent):
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        self.start = theta.copy()
        return super().minimize(objective, theta, max_iter, tol, callback)


MUTANTS = [
    (KeepsTheStep(), "KeepsTheStep.*attribute 'last_step'"),
    (KeepsTheStepOnTheClass(), "alternates with another against an undisturbed one"),
    (SharesItsState(), "against an undisturbed one"),
    (NewTheta(), "step 1 did not change theta in place"),
    (ScalesTheGradient(), "argument 'gradient'"),
    (WideState(), "state 'velocity': of type float64, expected float32"),
    (NormOfTheStack(), "a stack of runs against one by one"),
    (IgnoresTheMask(), "weights that do not decay, after zero gradients"),
    (DividesByTheGradient(), "zero gradients give"),
    (Ascends(), "300 steps took a quadratic from"),
    (NeverConverges(), "a quadratic was left"),
    (StopsEarly(), "a quadratic was left with a gradient"),
    (NewThetaOfAll(), "a quadratic was left with a gradient"),
    (OneMore(), "max_iter=2 made 3 calls"),
    (DeafToTheCallback(), "went on for 50 iterations"),
    (StartsFromTheLast(), "attribute 'start'"),
]


@pytest.mark.parametrize(
    ("optimizer", "match"), MUTANTS, ids=[type(part).__name__ for part, _ in MUTANTS]
)
def test_mutants_fail(optimizer, match):
    with pytest.raises(AssertionError, match=match):
        check_optimizer(optimizer)


def test_other_kinds_are_refused():
    with pytest.raises(TypeError, match="must be an Optimizer or"):
        check_optimizer(Component())
