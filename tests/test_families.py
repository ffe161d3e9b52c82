"""Requirements of all members of all families."""

import importlib
import inspect
import pickle
import pkgutil

import numpy as np
import pytest
from numpydoc.validate import validate
from sklearn.base import clone

import skjacobnet
from skjacobnet.core.component import Component, Family
from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers import ACTIVATIONS, ENCODINGS, LAYERS, Dropout, Linear, OneHot
from skjacobnet.losses import (
    LOSSES,
    REGRESSION_LOSSES,
    CrossEntropy,
    Focal,
    Huber,
    Quantile,
)
from skjacobnet.optimizers import OPTIMIZERS
from skjacobnet.regularizers import REGULARIZERS, JacobianNorm, Sparsity
from skjacobnet.schedules import SCHEDULES
from skjacobnet.testing import (
    check_encoding,
    check_layer,
    check_loss,
    check_optimizer,
    check_regularizer,
)

FAMILIES = [
    ENCODINGS,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    REGRESSION_LOSSES,
    OPTIMIZERS,
    REGULARIZERS,
    SCHEDULES,
]
NAMES = [(family, name) for family in FAMILIES for name in family.names_alone]
IDS = [f"{family.kind}-{name}" for family, name in NAMES]
PARTS = [family.make(name) for family, name in NAMES]
CLASSES = [cls for family in FAMILIES for cls in family.classes]


def all_modules():
    for info in pkgutil.walk_packages(skjacobnet.__path__, "skjacobnet."):
        yield importlib.import_module(info.name)


def test_every_part_is_in_its_family():
    """A class that is not imported in its family's module is named here."""
    for module in all_modules():
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and issubclass(cls, Component) and cls.name:
                family = next(f for f in FAMILIES if f.takes(cls))
                assert cls in family.classes, (
                    f"{name} of {cls.__module__} is missing: import it in the module "
                    f"that defines the {family.kind} family."
                )


def test_the_names_that_users_rely_on():
    expected = {
        "encoding": (
            "standardize smooth_clip piecewise_linear one_hot missing_indicator"
        ),
        "layer": (
            "linear identity sigmoid logistic tanh relu leaky_relu elu selu gelu silu "
            "swish mish softplus hard_tanh softmax dropout sequential residual "
            "parallel repeat frozen"
        ),
        "initializer": (
            "zeros glorot_uniform glorot_normal he_uniform he_normal lecun_normal "
            "orthogonal isometric"
        ),
        "loss": "cross_entropy brier focal",
        "loss of numbers": (
            "squared_error absolute_error huber quantile poisson gamma gaussian"
        ),
        "regularizer": (
            "weight_decay l1 orthogonality sparsity certainty confidence_penalty "
            "jacobian_norm input_gradient"
        ),
        "optimizer": (
            "sgd momentum nesterov adagrad adadelta rmsprop adam amsgrad adamax nadam "
            "adamw lbfgs"
        ),
        "schedule": (
            "constant cosine exponential step inverse_scaling one_cycle plateau warmup"
        ),
    }
    for family in FAMILIES:
        kind = "loss of numbers" if family is REGRESSION_LOSSES else family.kind
        assert set(expected[kind].split()) <= set(family.names)


def test_activations_are_the_layers_that_say_so():
    others = "dropout frozen linear parallel repeat residual sequential"
    assert set(LAYERS.names) - set(ACTIVATIONS.names) == set(others.split())
    assert ACTIVATIONS.names == ACTIVATIONS.names_alone


@pytest.mark.parametrize("family", [*FAMILIES, ACTIVATIONS], ids=lambda f: f.kind)
def test_words_of_other_libraries_lead_to_names(family):
    assert not set(family.elsewhere) & set(family.names)
    assert set(family.elsewhere.values()) <= set(family.names)
    for word, name in family.elsewhere.items():
        with pytest.raises(ValueError, match=f"Did you mean {name!r}"):
            family.resolve(word.upper())


def test_the_names_that_need_arguments():
    alone = set(LAYERS.names) - set(LAYERS.names_alone)
    assert alone == {
        "linear",
        "sequential",
        "residual",
        "parallel",
        "repeat",
        "frozen",
    }
    for name in alone:
        with pytest.raises(ValueError, match=f"layer '{name}' needs arguments"):
            LAYERS.resolve(name)


def test_two_parts_of_one_name_are_refused():
    class Other(LOSSES.base):
        name = "brier"

    with pytest.raises(ValueError, match=r"Two losss? have the name 'brier'"):
        Family("loss", LOSSES.base, {**vars(skjacobnet.losses), "Other": Other})


def test_losses_of_classes_and_of_numbers_are_told_apart():
    assert not set(LOSSES.classes) & set(REGRESSION_LOSSES.classes)
    assert set(LOSSES.classes) | set(REGRESSION_LOSSES.classes) == {
        part
        for part in vars(skjacobnet.losses).values()
        if inspect.isclass(part) and getattr(part, "name", None)
    }
    with pytest.raises(TypeError, match=r"got Huber\(\). It is a RegressionLoss"):
        LOSSES.resolve(Huber())
    with pytest.raises(TypeError, match=r"got Focal\(\). It is not a RegressionLoss"):
        REGRESSION_LOSSES.resolve(Focal())
    with pytest.raises(TypeError, match=r"Did you mean Huber\(\)"):
        REGRESSION_LOSSES.resolve(Huber)
    with pytest.raises(TypeError) as caught:
        LOSSES.resolve(Huber)
    assert "Did you mean" not in str(caught.value)


def test_encodings_are_no_hidden_layers():
    assert not set(ENCODINGS.classes) & set(LAYERS.classes + ACTIVATIONS.classes)
    with pytest.raises(TypeError, match=r"got OneHot\(\). It is an Encoding"):
        LAYERS.resolve(OneHot())
    with pytest.raises(ValueError, match=r"Unknown layer 'standardize'"):
        LAYERS.resolve("standardize")


@pytest.mark.parametrize("part", PARTS, ids=IDS)
def test_a_part_is_a_value(part):
    arguments = set(inspect.signature(type(part)).parameters)
    assert set(vars(part)) == arguments
    copied = clone(part)
    assert repr(copied) == repr(part) == repr(pickle.loads(pickle.dumps(part)))
    part.validate()
    assert set(part.constraints) <= arguments


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_docstrings(cls):
    assert ">>> " in cls.__doc__, "an example is missing"
    for section in ("Notes\n", "Examples\n"):
        assert section in cls.__doc__
    ignored = {"SA01", "EX01", "ES01", "GL01", "SA04", "RT03", "PR01", "PR02"}
    found = validate(f"{cls.__module__}.{cls.__qualname__}")["errors"]
    assert [error for error in found if error[0] not in ignored] == []


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", LAYERS.names_alone)
def test_layers(name, seed):
    check_layer(LAYERS.make(name), random_state=seed)


@pytest.mark.parametrize(
    "layer", [Linear(3), Linear(7, use_bias=False), Dropout(0.0), Dropout(0.9)]
)
def test_layers_with_arguments(layer):
    check_layer(layer)
    check_layer(layer, n_in=1, n_samples=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", ENCODINGS.names)
def test_encodings(name, seed):
    check_encoding(ENCODINGS.make(name), random_state=seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "loss",
    [
        *map(LOSSES.make, LOSSES.names),
        *map(REGRESSION_LOSSES.make, REGRESSION_LOSSES.names),
        Huber(0.3),
        Quantile([0.1, 0.5, 0.9]),
        CrossEntropy(0.2),
        Focal(0.0),
        Focal(0.5),
        Focal(1),
    ],
    ids=repr,
)
def test_losses(loss, seed):
    check_loss(loss, random_state=seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "regularizer",
    [
        *map(REGULARIZERS.make, REGULARIZERS.names),
        Sparsity(0.5, "kl", 0.2),
        JacobianNorm(0.5, 2),
    ],
    ids=repr,
)
def test_regularizers(regularizer, seed):
    check_regularizer(regularizer, random_state=seed)


@pytest.mark.parametrize("name", OPTIMIZERS.names)
def test_optimizers(name):
    check_optimizer(OPTIMIZERS.make(name))


@pytest.mark.parametrize("name", SCHEDULES.names)
def test_schedules_stay_between_zero_and_one(name):
    schedule = SCHEDULES.make(name)
    factors = [schedule(step, 50, [0.0] * (step // 5)) for step in range(50)]
    assert all(isinstance(factor, float) for factor in factors)
    assert all(0.0 <= factor <= 1.0 for factor in factors)
    assert max(factors) > 0.1


@pytest.mark.parametrize("name", INITIALIZERS.names)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (1, 4)])
def test_initializers_keep_type_and_seed(name, shape):
    initializer = INITIALIZERS.make(name)
    small = initializer(shape, np.random.default_rng(0), np.float32)
    large = initializer(shape, np.random.default_rng(0), np.float64)
    assert (small.shape, small.dtype, large.dtype) == (shape, np.float32, np.float64)
    np.testing.assert_allclose(small, large, rtol=1e-5, atol=1e-7)
