"""Parameters: names and instances, nested names, copies instead of edits."""

import pytest
from sklearn.base import clone

from skjacobnet import JacobianMLPClassifier
from skjacobnet.optimizers import SGD, Adam
from skjacobnet.regularizers import Sparsity, WeightDecay
from skjacobnet.schedules import Warmup


def test_the_constructor_stores_what_it_is_given():
    optimizer, regularizers, layers = Adam(), {"l1": 1e-3}, ["relu"]
    model = JacobianMLPClassifier(
        optimizer=optimizer, regularizers=regularizers, layers=layers
    )
    assert model.optimizer is optimizer
    assert model.regularizers is regularizers
    assert model.layers is layers


def test_nested_names_reach_a_part_that_is_a_name():
    model = JacobianMLPClassifier(optimizer="sgd")
    model.set_params(optimizer__momentum=0.5)
    assert isinstance(model.optimizer, SGD)
    assert model.optimizer.momentum == 0.5
    # A name that implies arguments keeps them.
    model.set_params(optimizer="nesterov", optimizer__momentum=0.8)
    assert model.optimizer.nesterov
    assert model.optimizer.momentum == 0.8
    model.set_params(
        loss="cross_entropy",
        loss__label_smoothing=0.1,
        activation="leaky_relu",
        activation__negative_slope=0.3,
    )
    assert model.loss.label_smoothing == 0.1
    assert model.activation.negative_slope == 0.3
    assert model.get_params()["optimizer__momentum"] == 0.8


def test_a_part_that_somebody_else_holds_is_not_edited():
    adam = Adam()
    model = JacobianMLPClassifier(optimizer=adam)
    model.set_params(optimizer__beta_1=0.5)
    assert adam.beta_1 == 0.9
    assert model.optimizer.beta_1 == 0.5


def test_regularizers_by_entry():
    model = JacobianMLPClassifier()
    model.set_params(regularizers__weight_decay=1e-4)
    assert model.regularizers == {"weight_decay": 1e-4}
    shared = model.regularizers
    model.set_params(regularizers__l1=1e-5, regularizers__weight_decay=1e-3)
    assert model.regularizers == {"weight_decay": 1e-3, "l1": 1e-5}
    assert shared == {"weight_decay": 1e-4}
    model.set_params(regularizers__sparsity__form="kl")
    assert model.regularizers["sparsity"].form == "kl"
    model.set_params(regularizers__weight_decay__strength=0.5)
    assert model.regularizers["weight_decay"].strength == 0.5
    assert model.get_params()["regularizers__sparsity__target"] == 0.05
    assert model.get_params()["regularizers__l1"] == 1e-5


def test_parts_within_parts():
    model = JacobianMLPClassifier()
    model.set_params(
        schedule="warmup", schedule__schedule="cosine", schedule__schedule__final=0.1
    )
    assert model.schedule.schedule.final == 0.1
    model.set_params(schedule=Warmup("step"), schedule__schedule__factor=0.3)
    assert model.schedule.schedule.factor == 0.3
    for name in ("initializer__gain", "loss__label_smoothing", "schedule__final"):
        part = name.partition("__")[0]
        with pytest.raises(ValueError, match=f"{part}='auto' has no parameters"):
            JacobianMLPClassifier().set_params(**{name: 0.5})
    model.set_params(initializer="orthogonal", initializer__gain=2.0)
    assert model.initializer.gain == 2.0


@pytest.mark.parametrize("swap", [False, True])
def test_the_order_of_nested_names_does_not_matter(swap):
    params = {"regularizers__sparsity__form": "kl", "regularizers__sparsity": 0.3}
    if swap:
        params = dict(reversed(params.items()))
    model = JacobianMLPClassifier().set_params(**params)
    assert repr(model.regularizers["sparsity"]) == "Sparsity(form='kl', strength=0.3)"


def test_a_number_for_an_instance_is_its_strength():
    model = JacobianMLPClassifier(regularizers={"mine": Sparsity(0.1, form="kl")})
    model.set_params(regularizers__mine=3.0)
    assert repr(model.regularizers["mine"]) == "Sparsity(form='kl', strength=3.0)"


def test_an_instance_under_any_label():
    mine = WeightDecay(0.1)
    model = JacobianMLPClassifier(
        regularizers={"mine": mine, "sparsity": Sparsity(0.2)}
    )
    model.set_params(regularizers__mine__strength=0.3)
    assert mine.strength == 0.1
    assert model.regularizers["mine"].strength == 0.3
    copied = clone(model)
    assert copied.get_params()["regularizers__mine__strength"] == 0.3


def test_params_survive_a_round_trip():
    model = JacobianMLPClassifier(
        optimizer=Adam(beta_1=0.8), regularizers={"l1": 1e-3, "mine": WeightDecay(0.1)}
    )
    params = model.get_params()
    other = JacobianMLPClassifier().set_params(**params)
    assert repr(other) == repr(model)
    assert other.get_params()["optimizer__beta_1"] == 0.8


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"optimizr": "adam"}, "Invalid parameter 'optimizr'"),
        ({"optimizer__beta": 0.1}, "Invalid parameter 'beta'"),
        ({"layers__units": 3}, "layers has no nested parameters"),
        ({"max_iter__x": 3}, "max_iter has no nested parameters"),
    ],
)
def test_invalid_names_change_nothing(params, message):
    model = JacobianMLPClassifier()
    before = repr(model)
    with pytest.raises(ValueError, match=message):
        model.set_params(max_iter=7, **params)
    assert repr(model) == before
