import math

import pytest

from skjacobnet.optimizers import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    NAdam,
    RMSProp,
)

PARTS = {
    "sgd": (SGD, {"momentum": 0.0, "nesterov": False}),
    "momentum": (SGD, {"momentum": 0.9, "nesterov": False}),
    "nesterov": (SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (AdaGrad, {"epsilon": 1e-10}),
    "adadelta": (AdaDelta, {"rho": 0.9, "epsilon": 1e-6}),
    "rmsprop": (RMSProp, {"rho": 0.99, "epsilon": 1e-8, "momentum": 0.0}),
    "adam": (
        Adam,
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "amsgrad": False},
    ),
    "amsgrad": (
        Adam,
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "amsgrad": True},
    ),
    "adamax": (AdaMax, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
    "nadam": (
        NAdam,
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "momentum_decay": 4e-3},
    ),
    "adamw": (
        AdamW,
        {
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-8,
            "weight_decay": 0.01,
            "amsgrad": False,
        },
    ),
    "lbfgs": (LBFGS, {"history_size": 10}),
}


def test_names():
    assert OPTIMIZERS.names == sorted(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_a_name_stands_for_a_part_with_its_arguments(name):
    part = OPTIMIZERS.resolve(name)
    kind, arguments = PARTS[name]
    assert type(part) is kind
    assert part.get_params() == arguments


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("sgd", 0.1),
        ("momentum", 0.01),
        ("nesterov", 0.01),
        ("adagrad", 0.01),
        ("adadelta", 1.0),
        ("rmsprop", 1e-3),
        ("adam", 1e-3),
        ("adamax", 2e-3),
        ("nadam", 2e-3),
        ("adamw", 1e-3),
    ],
)
def test_default_learning_rate(name, rate):
    assert math.isclose(OPTIMIZERS.make(name).default_learning_rate, rate)


def test_lbfgs_has_no_learning_rate():
    assert LBFGS().default_learning_rate is None


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (SGD(momentum=1.0), r"SGD: momentum must be a number in \[0.0, 1.0\), got 1.0"),
        (SGD(nesterov=True), "momentum above 0"),
        (SGD(momentum=0.5, nesterov=1), "SGD: nesterov must be True or False"),
        (AdaGrad(epsilon=0.0), "AdaGrad: epsilon"),
        (AdaDelta(rho=-0.1), "AdaDelta: rho"),
        (AdaDelta(epsilon=-1.0), "AdaDelta: epsilon"),
        (RMSProp(rho=1.0), "RMSProp: rho"),
        (RMSProp(momentum=1.5), "RMSProp: momentum"),
        (Adam(beta_1=1.0), "Adam: beta_1"),
        (Adam(beta_2=1.0), "Adam: beta_2"),
        (Adam(epsilon=0.0), "Adam: epsilon"),
        (Adam(amsgrad="yes"), "Adam: amsgrad"),
        (AdaMax(beta_2=1.0), "AdaMax: beta_2"),
        (NAdam(momentum_decay=-1.0), "NAdam: momentum_decay"),
        (AdamW(weight_decay=-0.01), "AdamW: weight_decay"),
        (LBFGS(history_size=0), "LBFGS: history_size must be an integer"),
    ],
)
def test_wrong_arguments_are_refused(part, message):
    with pytest.raises((TypeError, ValueError), match=message):
        OPTIMIZERS.resolve(part)


def test_both_kinds_of_optimizers_are_accepted_and_nothing_else():
    part = LBFGS(3)
    assert OPTIMIZERS.resolve(part) is part
    with pytest.raises(TypeError, match="optimizer must be the name of an optimizer"):
        OPTIMIZERS.resolve(0.1)
