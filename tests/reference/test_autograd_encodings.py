"""Jacobians of raw tables against an independent implementation of every layer."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import jacobian
from plain import plain_classifier, plain_regressor

from skjacobnet.layers import (
    Binary,
    Encoding,
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    Rescale,
    SmoothClip,
    Standardize,
)

N, N_NUMBERS = 90, 4


def table(seed):
    """Draw an array of numbers of any unit with gaps, and of categories."""
    rng = np.random.default_rng(seed)
    X = np.empty((N, 6), object)
    for place, (unit, location) in enumerate([(1.0, 0.0), (1e6, 1e7), (1e-6, -1e-5)]):
        X[:, place] = unit * rng.normal(size=N) + location
        X[rng.random(N) < 0.1, place] = None
    X[:, 3] = rng.choice([20.0, 50.0], N)
    X[rng.random(N) < 0.1, 3] = None
    X[:, 4] = rng.choice(["a", "b", "c"], N)
    X[:, 5] = rng.choice(["yes", "no"], N)
    return X, rng


def encoded(layer, known, columns):
    """Apply an encoding to one row, a list of numbers: plain formulas, one by one."""
    columns = list(columns)
    if isinstance(layer, OneHot):
        own = set(layer.columns)
        hot = []
        for place, codes, single in zip(
            layer.columns, layer.codes, layer.single, strict=True
        ):
            code = columns[place]
            if single:
                hot.append(0.0 if code not in codes else (-1.0, 1.0)[codes.index(code)])
            else:
                off = -1.0 / (len(codes) - 1) if len(codes) > 1 else 0.0
                hot += [1.0 if code == one else off for one in codes]
        return [c for place, c in enumerate(columns) if place not in own] + hot
    if isinstance(layer, PiecewiseLinear):
        bins, at = [], 0
        for place, count in zip(layer.columns, layer.counts, strict=True):
            for k in range(at, at + count):
                x = columns[place]
                share = (x - known["left"][k]) / known["width"][k]
                bins.append(0.0 if anp.isnan(x) else anp.clip(share, 0.0, 1.0))
            at += count
        return columns + bins
    if isinstance(layer, MissingIndicator):
        gaps = [float(anp.isnan(columns[place])) for place in layer.gaps]
        for place, mean in zip(layer.columns, known["mean"], strict=True):
            if anp.isnan(columns[place]):
                columns[place] = mean
        return columns + gaps
    for number, place in enumerate(layer.columns):
        x = columns[place]
        if isinstance(layer, Binary):
            z = (x - known["low"][number]) / known["half"][number] - 1.0
            columns[place] = z * anp.sqrt((1.0 + 1.0 / 9.0) / (1.0 + z**2 / 9.0))
        elif isinstance(layer, SmoothClip):
            columns[place] = x / anp.sqrt(1.0 + (x / layer.limit) ** 2)
        else:
            mean, deviation = known["mean"][number], known["deviation"][number]
            columns[place] = 0.0 if anp.isnan(x) else (x - mean) / deviation
    return columns


def of_row(model, row):
    """Return the raw prediction as a function of the numbers of a row."""
    network = model.network_
    arrays = network.arrays(model.weights_)

    def function(numbers):
        columns = [*numbers, *row[len(numbers) :]]
        for layer, known in zip(network.layers, arrays, strict=True):
            if isinstance(layer, Encoding):
                columns = encoded(layer, known, columns)
                continue
            x = anp.array(columns)
            if "coef" in known:
                x = anp.dot(x, known["coef"]) + known["intercept"]
            elif "factor" in known:
                x = x * known["factor"] + known["shift"]
            else:
                x = anp.tanh(x)
            columns = x
        return columns

    return function


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", [plain_classifier, plain_regressor])
def test_random_stacks_of_encodings(kind, seed):
    X, rng = table(seed)
    some = [OneHot(), PiecewiseLinear(int(rng.integers(2, 7))), SmoothClip(2.0)]
    order = rng.permutation(3)[: rng.integers(1, 4)].tolist()
    encodings = [some[place] for place in order if place > 0]
    for needed in (OneHot(), MissingIndicator(), Standardize(), Binary()):
        encodings.insert(int(rng.integers(len(encodings) + 1)), needed)
    # Clipping unscaled numbers would saturate those of a large unit.
    encodings.sort(key=lambda encoding: isinstance(encoding, SmoothClip))
    y = rng.choice(["p", "q", "r"], N)
    if kind is plain_regressor:
        y = rng.normal(size=(N, 2))
    sizes = [(), (5,), (6, 4)][seed % 3]
    options = {"max_iter": 3, "tol": None, "calibration": "auto", "random_state": 0}
    model = kind(sizes, "tanh", encoding=encodings, **options)
    model.fit(X, y)
    # Classes are calibrated, and numbers have a unit.
    assert isinstance(model.network_.layers[-1], Rescale)
    # Off the knots, which are numbers of the table.
    rows = X[:12].copy()
    for place, unit in enumerate([1.0, 1e6, 1e-6, 30.0]):
        known = [number is not None for number in rows[:, place]]
        rows[known, place] += 1e-3 * unit
    exact = model.input_jacobian(rows, output="raw")
    raw = model.model_.raw(model.checked_rows(rows))
    for place, row in enumerate(model.checked_rows(rows)):
        function = of_row(model, row.tolist())
        np.testing.assert_allclose(function(row[:N_NUMBERS]), raw[place], rtol=1e-10)
        expected = jacobian(function)(row[:N_NUMBERS])
        expected[:, np.isnan(row[:N_NUMBERS])] = 0.0
        scale = np.abs(expected).max(axis=0, keepdims=True)
        np.testing.assert_allclose(
            exact[place, :, :N_NUMBERS] / np.where(scale, scale, 1.0),
            expected / np.where(scale, scale, 1.0),
            atol=1e-9,
        )
        assert np.isnan(exact[place, :, N_NUMBERS:]).all()
