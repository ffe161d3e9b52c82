"""A fitted classifier shows its layers, as text and in notebooks."""

import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
from plain import plain_classifier
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import (
    LAYERS,
    Dropout,
    Frozen,
    Identity,
    Linear,
    Parallel,
    Repeat,
    Residual,
    Sequential,
    Softmax,
    Tanh,
)
from skjacobnet.network import Network
from skjacobnet.network.layer_table import MOST_ROWS_OPEN
from skjacobnet.operators import Diagonal, JacobianOperator

X, y = load_iris(return_X_y=True)
NESTED = [
    Linear(30),
    "sigmoid",
    Dropout(0.2),
    Residual(Sequential([Linear(7), "tanh", Linear(30)])),
    Parallel([Linear(5), "relu"]),
    Repeat(Linear(35), 3),
    Frozen(Linear(4, use_bias=False)),
]


def fitted(X=X, y=y, **parameters):
    network = plain_classifier(max_iter=1, tol=None, **parameters)
    with warnings.catch_warnings():
        # One epoch on features that are not scaled.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(X, y)


def table(network):
    """Return the cells of each line of the printed table, but for the last line."""
    *lines, _ = str(network).splitlines()
    return [re.split(r"  +", line.strip()) for line in lines]


class Cells(HTMLParser):
    """The rows of the tables of an HTML text, and the tags that are open."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1].append(data)


def html_of_layers(model):
    html = model._repr_mimebundle_()["text/html"]
    return html[html.rindex("<details") :]


def test_layers_inside_layers():
    network = fitted(layers=NESTED).network_
    header, *rows, total = table(network)
    assert header == ["layer", "Jacobian", "inputs", "outputs", "weights"]
    assert rows == [
        ["1 Linear(units=30)", "constant matrix", "4", "30", "150"],
        ["2 Sigmoid", "diagonal", "30", "30", "0"],
        ["3 Dropout(rate=0.2)", "diagonal", "30", "30", "0"],
        ["4 Residual", "sum", "30", "30", "457"],
        ["4.1 Sequential", "product", "30", "30", "457"],
        ["4.1.1 Linear(units=7)", "constant matrix", "30", "7", "217"],
        ["4.1.2 Tanh", "diagonal", "7", "7", "0"],
        ["4.1.3 Linear(units=30)", "constant matrix", "7", "30", "240"],
        ["5 Parallel", "stack", "30", "35", "155"],
        ["5.1 Linear(units=5)", "constant matrix", "30", "5", "155"],
        ["5.2 ReLU", "diagonal", "30", "30", "0"],
        ["6 Repeat(times=3)", "product", "35", "35", "1,260"],
        ["6.1 Linear(units=35)", "constant matrix", "35", "35", "1,260"],
        ["7 Frozen", "constant matrix", "35", "4", "140"],
        ["7.1 Linear(units=4, use_bias=False)", "constant matrix", "35", "4", "140"],
        ["8 Linear(units=3)", "constant matrix", "4", "3", "15"],
    ]
    assert total == ["total", "4", "3", "2,177"]
    tops = [row for row in rows if "." not in row[0].split()[0]]
    assert sum(int(row[-1].replace(",", "")) for row in tops) == network.n_weights


def test_columns_are_straight():
    *lines, last = str(fitted(layers=NESTED).network_).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[6].startswith("    4.1.1 ")
    assert last == "8,708 bytes in float32, 17,416 bytes in float64"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bytes_are_those_of_the_weights(dtype):
    model = fitted(dtype=dtype)
    size = f"{model.weights_.nbytes:,} bytes in {dtype}"
    assert size in str(model.network_)
    summary = html_of_layers(model).partition("</summary>")[0]
    assert summary.endswith(size)
    assert summary.count("bytes") == 1


def test_a_linear_model_and_labels():
    assert len(table(fitted(hidden_layer_sizes=()).network_)) == 3
    labels = make_multilabel_classification(30, 6, n_classes=4, random_state=0)
    network = fitted(*labels, hidden_layer_sizes=(5,)).network_
    assert table(network)[-1] == ["total", "6", "4", "59"]


def test_a_long_stack_is_folded_in_notebooks():
    short = fitted(layers=["relu"] * (MOST_ROWS_OPEN - 1))
    long = fitted(layers=["relu"] * MOST_ROWS_OPEN)
    assert html_of_layers(short).startswith("<details open>")
    assert html_of_layers(long).startswith("<details>")
    *lines, _ = str(Network([Linear(3), *[Tanh()] * 1200], n_in=3)).splitlines()
    assert len(lines) == 1203
    assert len({len(line) for line in lines}) == 1


class Own(JacobianOperator):
    """A kind of operator that the package does not have."""

    dtype = np.dtype(float)
    batch_shape = (1,)
    jvp = vjp = None

    def __init__(self, slope):
        self.slope = slope


class OwnDiagonal(Diagonal):
    """A kind of operator that the package has."""


class Reciprocal(Identity):
    """A custom layer that is infinite at zero."""

    def __init__(self, kind):
        self.kind = kind

    def linearize(self, weights, X, *, rng=None, workspace=None):
        return 1.0 / X, self.kind(-1.0 / X**2)


@pytest.mark.parametrize(
    ("layer", "jacobian"),
    [
        (Softmax(), "diagonal minus rank one"),
        (Repeat("tanh"), "product"),
        (Parallel(["tanh", "relu"], join="add"), "sum"),
        (Reciprocal(Diagonal), "diagonal"),
        (Reciprocal(OwnDiagonal), "diagonal"),
        (Reciprocal(Own), "own"),
    ],
)
def test_kinds_of_jacobians(layer, jacobian):
    assert table(Network([layer], n_in=3))[1][1] == jacobian


@pytest.mark.parametrize("name", LAYERS.names_alone)
def test_kinds_are_those_at_any_input(name):
    network = Network([LAYERS.make(name)], n_in=3)
    rng = np.random.default_rng(0)
    theta = network.init_weights(rng, np.float64)
    (operator,) = network.linearize(theta, rng.normal(size=(2, 3))).operators
    kind = table(network)[1][1]
    assert kind.replace(" ", "") == type(operator).__name__.lower()


def test_html_has_the_same_cells_as_the_text():
    model = fitted(layers=NESTED)
    html = html_of_layers(model)
    parsed = Cells(html)
    assert not parsed.open
    assert parsed.rows == table(model.network_)[:-1]
    assert "Network: 4 inputs, 3 outputs, 2,177 weights, " in html


def test_the_default_network_shows_layers_before_and_after_the_trained_ones():
    model = JacobianMLPClassifier(max_iter=1).fit(X, y)
    names = [row[0] for row in table(model.network_)]
    assert names == [
        "layer",
        "1 OneHot",
        "2 Binary",
        "3 PiecewiseLinear",
        "4 MissingIndicator",
        "5 Standardize",
        "6 SmoothClip",
        "7 Linear(units=128)",
        "8 ReLU",
        "9 Linear(units=128)",
        "10 ReLU",
        "11 Linear(units=3)",
        "12 Rescale",
        "total",
    ]
    assert Cells(html_of_layers(model)).rows == table(model.network_)[:-1]


def test_html_has_the_colors_of_the_notebook():
    """So it can be read in light and in dark themes."""
    assert not re.search("color|background", html_of_layers(fitted()))


def test_html_is_that_of_scikit_learn_where_nothing_is_fitted():
    model = JacobianMLPClassifier()
    assert "Network:" not in model._repr_html_()
    assert "Network:" not in clone(fitted())._repr_mimebundle_()["text/html"]
    assert model._repr_mimebundle_()["text/plain"] == repr(model)


def test_both_ways_of_asking_for_html():
    model = fitted()
    first, second = model._repr_html_(), model._repr_mimebundle_()["text/html"]
    layers = html_of_layers(model)
    assert first.endswith(layers)
    assert second.endswith(layers)
    # What scikit-learn draws comes first, untouched.
    assert "JacobianMLPClassifier" in first.removesuffix(layers)


def test_as_text_where_that_was_chosen():
    with config_context(display="text"):
        assert not hasattr(fitted(), "_repr_html_")
        assert list(fitted()._repr_mimebundle_()) == ["text/plain"]


def test_inside_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), plain_classifier(max_iter=2, tol=None))
    html = pipeline.fit(X, y)._repr_html_()
    # The diagram of a pipeline is scikit-learn's alone; its step has the layers.
    assert "JacobianMLPClassifier" in html
    assert "Network:" not in html
    assert "Network:" in pipeline[-1]._repr_html_()


def test_without_weights_there_is_no_table_yet():
    """As where a first fit has failed after it had set up the network."""
    model = fitted()
    del model.model_
    assert "Network:" not in model._repr_html_()


class Named(Identity):
    """A custom layer whose argument looks like HTML, and is long."""

    name = "named"

    def __init__(self, title=""):
        self.title = title


@pytest.mark.parametrize("title", ["<b>&", "a" * 200])
def test_arguments_are_escaped_and_shortened(title):
    model = fitted(layers=[Linear(3), Named(title)])
    html = html_of_layers(model)
    assert "<b>" not in html
    name = Cells(html).rows[2][0]
    assert name == table(model.network_)[2][0]
    assert name.startswith("2 Named(title='")
    assert len(name) <= 50


def test_html_indents_the_layers_inside():
    html = html_of_layers(fitted(layers=NESTED))
    indents = {
        place: float(indent)
        for indent, place in re.findall(r"padding-left:([0-9.]+)em\">([0-9.]+) ", html)
    }
    assert indents["4"] < indents["4.1"] < indents["4.1.1"]
    assert indents["4"] == indents["1"]
