"""A fitted classifier shows its layers, as text and in notebooks."""

import re
from html.parser import HTMLParser

import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import (
    Dropout,
    Frozen,
    Identity,
    Linear,
    Parallel,
    Repeat,
    Residual,
    Sequential,
)

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
    return JacobianMLPClassifier(max_iter=1, tol=None, **parameters).fit(X, y)


def table(network):
    """Return the cells of each line of the printed table."""
    return [re.split(r"  +", line.strip()) for line in str(network).splitlines()]


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
    return html[html.rindex("<details open>") :]


def test_layers_inside_layers():
    network = fitted(layers=NESTED).network_
    header, *rows, total = table(network)
    assert header == ["layer", "inputs", "outputs", "weights"]
    assert rows == [
        ["1 Linear(units=30)", "4", "30", "150"],
        ["2 Sigmoid", "30", "30", "0"],
        ["3 Dropout(rate=0.2)", "30", "30", "0"],
        ["4 Residual", "30", "30", "457"],
        ["4.1 Sequential", "30", "30", "457"],
        ["4.1.1 Linear(units=7)", "30", "7", "217"],
        ["4.1.2 Tanh", "7", "7", "0"],
        ["4.1.3 Linear(units=30)", "7", "30", "240"],
        ["5 Parallel", "30", "35", "155"],
        ["5.1 Linear(units=5)", "30", "5", "155"],
        ["5.2 ReLU", "30", "30", "0"],
        ["6 Repeat(times=3)", "35", "35", "1,260"],
        ["6.1 Linear(units=35)", "35", "35", "1,260"],
        ["7 Frozen", "35", "4", "140"],
        ["7.1 Linear(units=4, use_bias=False)", "35", "4", "140"],
        ["8 Linear(units=3)", "4", "3", "15"],
    ]
    assert total == ["total", "4", "3", f"{network.n_weights:,}"]
    tops = [row for row in rows if "." not in row[0].split()[0]]
    assert sum(int(row[-1].replace(",", "")) for row in tops) == network.n_weights


def test_columns_are_straight():
    lines = str(fitted(layers=NESTED).network_).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[6].startswith("    4.1.1 ")


def test_a_linear_model_and_labels():
    assert len(table(fitted(hidden_layer_sizes=()).network_)) == 3
    labels = make_multilabel_classification(30, 6, n_classes=4, random_state=0)
    network = fitted(*labels, hidden_layer_sizes=(5,)).network_
    assert table(network)[-1] == ["total", "6", "4", "59"]


def test_html_has_the_same_cells_as_the_text():
    model = fitted(layers=NESTED)
    html = html_of_layers(model)
    parsed = Cells(html)
    assert not parsed.open
    assert parsed.rows == table(model.network_)[:-1]
    weights = f"{model.network_.n_weights:,} weights"
    assert f"4 inputs, 3 outputs, {weights}" in html


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
    pipeline = make_pipeline(
        StandardScaler(), JacobianMLPClassifier(max_iter=2, tol=None)
    )
    assert "JacobianMLPClassifier" in pipeline.fit(X, y)._repr_html_()
    assert "Network:" in pipeline[-1]._repr_html_()


class Named(Identity):
    """A layer of one's own whose argument looks like HTML, and is long."""

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
