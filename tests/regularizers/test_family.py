import pickle

import pytest
from sklearn.base import clone

from skjacobnet.regularizers import REGULARIZERS


@pytest.mark.parametrize("name", REGULARIZERS.names)
def test_a_name_stands_for_a_part_that_copies(name):
    regularizer = REGULARIZERS.resolve(name)
    assert regularizer.name == name
    assert regularizer.strength == 1.0
    changed = clone(regularizer).set_params(strength=0.25)
    assert pickle.loads(pickle.dumps(changed)).get_params() == changed.get_params()
    assert type(regularizer)(0.25).strength == 0.25
    assert regularizer.strength == 1.0


def test_names():
    assert {
        "weight_decay",
        "l1",
        "orthogonality",
        "sparsity",
        "certainty",
        "confidence_penalty",
        "jacobian_norm",
        "input_gradient",
    } <= set(REGULARIZERS.names)


@pytest.mark.parametrize("name", REGULARIZERS.names)
@pytest.mark.parametrize("strength", [-0.1, float("inf"), float("nan")])
def test_bad_strengths_are_refused(name, strength):
    with pytest.raises(ValueError, match="strength must be a number in"):
        REGULARIZERS.resolve(REGULARIZERS.make(name, strength=strength))
