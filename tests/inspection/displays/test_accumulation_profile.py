import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    AccumulationProfile,
    AccumulationProfileDisplay,
    profile_accumulation,
)
from skjacobnet.layers import Linear, Tanh
from skjacobnet.network import Network

X, y = load_digits(return_X_y=True, as_frame=True)
NETWORK = Network([Linear(3), Tanh(), Linear(1)], n_in=2)
LABELS = ["multiplications", "time", "peak memory"]


def fitted(scaler):
    network = plain_classifier((20,), max_iter=1, tol=None, random_state=0)
    return make_pipeline(scaler, network).fit(X, y)


def bars(panel):
    """Return the length of each bar by the name of its order, from the top."""
    names = [label.get_text() for label in panel.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in panel.patches], strict=True))


def made_up(multiplications, seconds, peak_bytes):
    return AccumulationProfile("", 0, multiplications, 0.0, 0, seconds, peak_bytes)


def test_network(check_picture):
    display = AccumulationProfileDisplay.from_network(NETWORK, np.ones((10, 2)))
    expected = profile_accumulation(NETWORK, np.ones((10, 2)), n_repeats=1)
    counted, time, memory = display.ax_
    for name, length in bars(counted).items():
        assert length == expected[name].multiplications
        assert bars(time)[name] == display.profiles[name].seconds > 0.0
        assert bars(memory)[name] == display.profiles[name].peak_bytes > 0
    assert list(bars(counted)) == list(expected)
    assert bars(counted)["reverse"] == 90
    assert [panel.get_xlabel() for panel in display.ax_] == LABELS
    assert all(panel.yaxis_inverted() for panel in display.ax_)
    check_picture(display)


def test_scales_and_units(check_picture):
    profiles = {
        "forward": made_up(0, 0.00125, 999),
        "reverse": made_up(7, 0.25, 1234567),
        "auto": made_up(12_000_000, 3e-7, 98765432109),
    }
    display = AccumulationProfileDisplay(profiles).plot()
    texts = [[text.get_text() for text in panel.texts] for panel in display.ax_]
    assert texts == [
        ["0", "7", "12 M"],
        ["1.25 ms", "250 ms", "300 ns"],
        ["999 B", "1.23 MB", "98.8 GB"],
    ]
    for panel in display.ax_:
        low, high = panel.get_xlim()
        assert low == 0.0
        assert high > max(bars(panel).values())
    check_picture(display)


def test_one_layer_multiplies_nothing(check_picture):
    network = Network([Tanh()], n_in=2)
    display = AccumulationProfileDisplay.from_network(network, np.ones((3, 2)))
    assert set(bars(display.ax_[0]).values()) == {0}
    check_picture(display)


@pytest.mark.parametrize("table", [X, csr_array(X.to_numpy())], ids=["frame", "sparse"])
def test_estimator(table, check_picture):
    model = fitted(MaxAbsScaler())
    table = table[:20]
    if not hasattr(table, "columns"):
        model.fit(csr_array(X.to_numpy()), y)
    display = AccumulationProfileDisplay.from_estimator(model, table, n_repeats=1)
    # Of each row 10 outputs: the diagonal of the hidden units, then the first matrix.
    assert bars(display.ax_[0])["reverse"] == 20 * 10 * (20 + 20 * 64)
    check_picture(display)


def test_any_step_will_do_before_the_network():
    model = fitted(Nystroem(n_components=5, random_state=0))
    display = AccumulationProfileDisplay.from_estimator(model, X[:20])
    # The network has 5 inputs.
    assert bars(display.ax_[0])["forward"] == 20 * 5 * (20 + 10 * 20)


def test_on_given_axes(plt):
    figure, axes = plt.subplots(2, 3)
    display = AccumulationProfileDisplay.from_network(
        NETWORK, np.ones((10, 2)), ax=axes[1]
    )
    assert list(display.ax_) == list(axes[1])
    assert display.figure_ is figure
    assert not any(ax.patches for ax in axes[0])


def test_one_axes_is_divided(plt, check_figure):
    figure, (left, right) = plt.subplots(ncols=2, figsize=(12, 6), layout="constrained")
    left.set_xlabel("another")
    display = AccumulationProfileDisplay({"forward": made_up(3, 1.0, 5)}).plot(ax=right)
    assert display.ax_.shape == (3,)
    assert display.figure_ is figure
    assert not right.axison
    check_figure(figure)


def test_what_cannot_be_drawn(plt):
    with pytest.raises(NotFittedError):
        AccumulationProfileDisplay.from_estimator(JacobianMLPClassifier(), X)
    with pytest.raises(ValueError, match="feature"):
        AccumulationProfileDisplay.from_estimator(fitted(MaxAbsScaler()), X.iloc[:, :5])
    draw = AccumulationProfileDisplay.from_network
    with pytest.raises(ValueError, match="n_repeats must be an integer"):
        draw(NETWORK, np.ones((10, 2)), n_repeats=0)
    with pytest.raises(TypeError, match="n_repeats must be an integer"):
        draw(NETWORK, np.ones((10, 2)), n_repeats=1.5)
    with pytest.raises(ValueError, match="ax must be one Axes or 3, got 2"):
        draw(NETWORK, np.ones((10, 2)), ax=plt.subplots(2)[1])


def test_what_cannot_be_measured(plt):
    network = Network([Linear(3)], n_in=2)
    for X in (np.ones((4, 3)), np.ones(2)):
        with pytest.raises(ValueError, match=r"X must have the shape \(n_samples, 2\)"):
            AccumulationProfileDisplay.from_network(network, X)
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert AccumulationProfileDisplay.from_network(network, rows).profiles
    plt.close("all")
    with pytest.raises(ValueError, match="at least one order"):
        AccumulationProfileDisplay({}).plot()
    assert not plt.get_fignums()
