"""The first three steps of each rule, from numbers worked out by hand.

Decay rates of 1/2 and 3/4 and an epsilon of 1 or 2 keep the arithmetic in fractions and
make the place of epsilon visible. Each case lists the change of one weight, divided by
the learning rate.
"""

import math

import numpy as np
import pytest

from skjacobnet.optimizers import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    NAdam,
    RMSProp,
)

# 0.96 ** decay is one half, so that the momentum of NAdam with beta_1 = 1/2 is
# 3/8, 7/16, 15/32, 31/64 and their products 3/8, 21/128, 315/4096, 9765/262144.
HALVING = math.log(0.5) / math.log(0.96)

CASES = {
    "sgd": (SGD(), [2.0, -1.0, 4.0], [2.0, -1.0, 4.0]),
    # Velocity 2, then 1 - 1 = 0, then 0 + 4.
    "momentum": (SGD(0.5), [2.0, -1.0, 4.0], [2.0, 0.0, 4.0]),
    # The gradient and half of that velocity: 2 + 1, -1 + 0, 4 + 2.
    "nesterov": (SGD(0.5, nesterov=True), [2.0, -1.0, 4.0], [3.0, -1.0, 6.0]),
    # Roots of 9, 9 + 16, 25 + 144 and epsilon 1: 3/(3+1), 4/(5+1), 12/(13+1).
    "adagrad": (
        AdaGrad(epsilon=1.0),
        [3.0, 4.0, -12.0],
        [0.75, 0.6666666666666666, -0.8571428571428571],
    ),
    # v: 2, 1 + 9 = 10, 5 + 2 = 7. Changes with epsilon 2:
    # 2 sqrt(2/4) = sqrt(2), so d = 1; sqrt(18) sqrt(3/12) = sqrt(4.5), so
    # d = 1/2 + 9/4 = 11/4; 2 sqrt(4.75/9).
    "adadelta": (
        AdaDelta(rho=0.5, epsilon=2.0),
        [2.0, math.sqrt(18.0), 2.0],
        [1.4142135623730951, 2.1213203435596424, 1.452966314513558],
    ),
    # v: 4/4 = 1, 3/4 + 1/4 = 1, 3/4 + 25/4 = 7. Quotients 2/(1+1), 1/(1+1),
    # 5/(sqrt(7)+1).
    "rmsprop": (
        RMSProp(rho=0.75, epsilon=1.0),
        [2.0, 1.0, 5.0],
        [1.0, 0.5, 1.3714594258871589],
    ),
    # The same quotients q, summed: 1, 1/2 + 1/2, 1/2 + q.
    "rmsprop with momentum": (
        RMSProp(rho=0.75, epsilon=1.0, momentum=0.5),
        [2.0, 1.0, 5.0],
        [1.0, 1.0, 1.8714594258871589],
    ),
    # m: 1, 1/2, 3/4, corrected by 1/2, 3/4, 7/8: 2, 2/3, 6/7.
    # v: 1, 3/4, 13/16, corrected by 1/4, 7/16, 37/64: 4, 12/7, 52/37.
    # Steps 2/(2+1), (2/3)/(sqrt(12/7)+1), (6/7)/(sqrt(52/37)+1).
    "adam": (
        Adam(beta_1=0.5, beta_2=0.75, epsilon=1.0),
        [2.0, 0.0, 1.0],
        [0.6666666666666666, 0.288686851988224, 0.3921956799384353],
    ),
    # The largest v stays 1, corrected: 4, 16/7, 64/37.
    "amsgrad": (
        Adam(beta_1=0.5, beta_2=0.75, epsilon=1.0, amsgrad=True),
        [2.0, 0.0, 1.0],
        [0.6666666666666666, 0.2654077958709898, 0.37022540452018277],
    ),
    # Without a decay the steps are Adam's.
    "adamw": (
        AdamW(beta_1=0.5, beta_2=0.75, epsilon=1.0, weight_decay=0.0),
        [2.0, 0.0, 1.0],
        [0.6666666666666666, 0.288686851988224, 0.3921956799384353],
    ),
    # m as in Adam: 2, 2/3, and (1/4 + 2)/(7/8) = 18/7.
    # u: 2 + 1 = 3; max(9/4, 1) = 9/4; max(27/16, 5) = 5.
    "adamax": (
        AdaMax(beta_1=0.5, beta_2=0.75, epsilon=1.0),
        [2.0, 0.0, 4.0],
        [0.6666666666666666, 0.2962962962962963, 0.5142857142857142],
    ),
    # Denominators as in Adam: 3, sqrt(12/7)+1, sqrt(52/37)+1. Numerators:
    # 2 (5/8)/(5/8) + 1 (7/16)/(107/128) = 2 + 56/107,
    # 0 + 1/2 (15/32)/(3781/4096) = 960/3781,
    # 1 (17/32)/(3781/4096) + 3/4 (31/64)/(252379/262144)
    #   = 2176/3781 + 95232/252379.
    "nadam": (
        NAdam(beta_1=0.5, beta_2=0.75, epsilon=1.0, momentum_decay=HALVING),
        [2.0, 0.0, 1.0],
        [0.8411214953271028, 0.1099468571444175, 0.43598594099975324],
    ),
}


@pytest.mark.parametrize("learning_rate", [1.0, 0.3])
@pytest.mark.parametrize("case", CASES)
def test_first_three_steps(case, learning_rate):
    optimizer, gradients, changes = CASES[case]
    theta = np.array([10.0, -10.0])
    state = optimizer.init(theta)
    for gradient, change in zip(gradients, changes, strict=True):
        before = theta.copy()
        optimizer.step(theta, np.array([gradient, -gradient]), state, learning_rate)
        expected = learning_rate * change * np.array([-1.0, 1.0])
        np.testing.assert_allclose(theta - before, expected, rtol=1e-13, atol=1e-14)


def test_adamw_decays_before_its_step():
    optimizer = AdamW(beta_1=0.5, beta_2=0.75, epsilon=1.0, weight_decay=2.0)
    theta = np.array([10.0])
    state = optimizer.init(theta)
    # A learning rate of 0.3 leaves 1 - 0.6 of the weight: 4 - 0.3 * 2/3 = 3.8,
    # then 1.52 - 0.3 * 0.2886... = 1.4333939444...
    optimizer.step(theta, np.array([2.0]), state, 0.3)
    np.testing.assert_allclose(theta, [3.8], rtol=1e-14)
    optimizer.step(theta, np.array([0.0]), state, 0.3)
    np.testing.assert_allclose(theta, [1.4333939444035328], rtol=1e-14)


def test_adamw_leaves_masked_weights_to_adam():
    theta = np.array([[8.0, 8.0, -8.0], [1.0, 2.0, 3.0]])
    mask = np.array([1.0, 0.0, 1.0])
    optimizer = AdamW(weight_decay=2.0)
    state = optimizer.init(theta)
    for _ in range(2):
        optimizer.step(theta, np.zeros((2, 3)), state, 0.25, decay_mask=mask)
    # Halved twice where the mask is one.
    np.testing.assert_array_equal(theta, [[2.0, 8.0, -2.0], [0.25, 2.0, 0.75]])


def test_a_new_learning_rate_acts_on_the_whole_velocity():
    optimizer = SGD(momentum=0.5)
    theta = np.array([0.0])
    state = optimizer.init(theta)
    optimizer.step(theta, np.array([4.0]), state, 1.0)
    optimizer.step(theta, np.array([0.0]), state, 0.1)
    np.testing.assert_allclose(theta, [-4.2], rtol=1e-15)
