import copy
import pickle

import numpy as np
import pytest

from skjacobnet.core import Streams


def generators(n=3):
    return [np.random.default_rng(seed) for seed in range(n)]


@pytest.mark.parametrize("method", ["random", "standard_normal"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("given", [False, True])
def test_each_network_draws_what_it_draws_alone(method, dtype, axis, given):
    shape = [4, 5]
    shape.insert(axis if axis >= 0 else 2, 3)
    streams, alone = Streams(generators()), generators()
    for _ in range(2):  # the second draws go on from the first
        if given:
            out = np.empty(shape, dtype)
            draws = getattr(streams, method)(dtype=dtype, out=out, axis=axis)
            assert draws is out
        else:
            draws = getattr(streams, method)(tuple(shape), dtype, axis=axis)
        assert draws.dtype == dtype
        assert draws.shape == tuple(shape)
        for member, generator in enumerate(alone):
            expected = getattr(generator, method)((4, 5), dtype)
            np.testing.assert_array_equal(np.take(draws, member, axis), expected)


def test_one_number_for_each():
    draws = Streams(generators()).random((3,), axis=0)
    np.testing.assert_array_equal(draws, [g.random() for g in generators()])


def test_networks_cannot_share_a_stream():
    one, other = generators(2)
    with pytest.raises(ValueError, match="two of the 3 share a stream"):
        Streams([one, other, one])
    with pytest.raises(ValueError, match="needs a separate generator"):
        Streams([one, np.random.Generator(one.bit_generator)])
    # Equal seeds give separate, equal streams.
    pair = Streams([np.random.default_rng(0), np.random.default_rng(0)])
    first, second = pair.random((2, 5), axis=0)
    np.testing.assert_array_equal(first, second)


def test_the_axis_of_the_networks_has_to_be_said():
    streams = Streams(generators())
    assert len(streams) == 3
    for call in (
        lambda: streams.random((3, 2)),
        lambda: streams.random(out=np.empty((3, 2))),
        lambda: streams.standard_normal(axis=0),
    ):
        with pytest.raises(TypeError, match=r"needs a shape and the axis .* axis=0"):
            call()
    with pytest.raises(ValueError, match=r"3 networks .* axis 1 .* has 2 entries"):
        streams.random((3, 2), axis=1)


@pytest.mark.parametrize("name", ["normal", "integers", "shuffle", "bit_generator"])
def test_other_methods_say_what_there_is(name):
    streams = Streams(generators())
    assert not hasattr(streams, name)
    with pytest.raises(AttributeError, match=rf"no '{name}'.* random\(.*, axis=...\)"):
        getattr(streams, name)


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_copies_go_on_alike(again):
    streams = Streams(generators())
    streams.random((3, 2), axis=0)
    other = again(streams)
    np.testing.assert_array_equal(
        other.random((3, 2), axis=0), streams.random((3, 2), axis=0)
    )
