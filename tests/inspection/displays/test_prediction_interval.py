import numpy as np
import pytest
from matplotlib.colors import to_hex
from plain import plain_classifier, plain_regressor
from scipy.stats import norm
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from skjacobnet.inspection import PredictionIntervalDisplay
from skjacobnet.losses import Quantile


def lines(ax, word):
    """Return the line whose label has a word."""
    (found,) = [line for line in ax.get_lines() if word in line.get_label()]
    return found


def title(display):
    return display.ax_.get_legend().get_title().get_text()


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_intervals(regressor, level, n_targets, dtype, check_picture):
    it = regressor("gaussian", n_targets, dtype)
    target = None if n_targets == 1 else 1
    display = PredictionIntervalDisplay.from_estimator(
        it.model, it.X, it.y, level=level, target=target
    )
    column = n_targets - 1
    mean, std = (it.predict(name)(it.X)[:, column] for name in ("prediction", "std"))
    truth = it.y.reshape(60, -1)[:, column]
    np.testing.assert_array_equal(display.prediction, mean)
    np.testing.assert_array_equal(display.truth, truth)
    lower, upper = norm.interval(level, mean, std)
    np.testing.assert_allclose(display.lower, lower, rtol=1e-5)
    np.testing.assert_allclose(display.upper, upper, rtol=1e-5)
    inside = (display.lower <= truth) & (truth <= display.upper)
    assert display.coverage == inside.mean()
    assert display.level == level
    share = f"{round(100 * inside.mean(), 1):g}"
    assert title(display) == f"coverage {share} % of {100 * level:g} %"
    check_picture(display)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_the_outer_quantiles(regressor, n_targets, check_picture):
    it = regressor("quantile", n_targets)
    display = PredictionIntervalDisplay.from_estimator(
        it.model, it.X, it.y, target=n_targets - 1, level=0.3
    )
    quantiles = it.predict("quantiles")(it.X)[:, -3:]
    np.testing.assert_array_equal(
        [display.lower, display.prediction, display.upper], quantiles.T
    )
    assert display.level == 0.85
    assert title(display).endswith("% of 85 %")
    check_picture(display)


def test_any_steps(check_picture):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.0, 1.0, (2000, 1))
    y = X[:, 0] ** 2 + (0.1 + 0.3 * (X[:, 0] > 0)) * rng.standard_normal(2000)
    network = plain_regressor(
        (10,), loss="gaussian", max_iter=60, tol=None, random_state=0
    )
    model = make_pipeline(PolynomialFeatures(3), StandardScaler(), network)
    model.fit(X[:1000], y[:1000])
    display = PredictionIntervalDisplay.from_estimator(model, X[1000:], y[1000:])
    assert display.coverage == pytest.approx(0.9, abs=0.04)
    assert display.ax_.get_xlabel() == "truth (200 of 1000 rows)"
    check_picture(display)


def test_what_is_inside_is_told_from_what_is_outside(check_picture):
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    display = PredictionIntervalDisplay(
        [1.5, 2.5, 0.0, 9.0], truth, [1.0, 2.1, -1.0, 3.0], [2.0, 3.0, 3.0, 10.0]
    )
    assert display.plot() is display
    assert display.coverage == 0.75
    assert title(display) == "coverage 75 %"
    inside, outside = lines(display.ax_, "inside"), lines(display.ax_, "outside")
    np.testing.assert_array_equal(
        inside.get_xydata(), [[1.0, 1.5], [3.0, 0.0], [4.0, 9.0]]
    )
    np.testing.assert_array_equal(outside.get_xydata(), [[2.0, 2.5]])
    assert inside.get_label() == "truth inside, 75 %"
    assert outside.get_label() == "truth outside, 25 %"
    assert to_hex(inside.get_color()) != to_hex(outside.get_color())
    assert inside.get_marker() != outside.get_marker()
    bars = [segment for part in display.ax_.collections for segment in part.get_paths()]
    ends = np.array([bar.vertices for bar in bars])
    np.testing.assert_array_equal(
        ends[-1], [[2.0, 2.1], [2.0, 3.0]]
    )  # the one outside comes last
    np.testing.assert_array_equal(ends[0], [[1.0, 1.0], [1.0, 2.0]])
    check_picture(display)


@pytest.mark.parametrize("inside", [True, False])
def test_one_row(inside, check_picture):
    display = PredictionIntervalDisplay(
        [2.0], [2.0 if inside else 9.0], [1.0], [3.0], level=0.8
    ).plot()
    assert title(display) == f"coverage {100 * inside} % of 80 %"
    check_picture(display)


@pytest.mark.parametrize("n_rows", [3, 150, 100_000])
def test_many_rows_are_thinned_and_all_of_them_counted(n_rows, plt, check_figure):
    rng = np.random.default_rng(0)
    truth = rng.standard_normal(n_rows)
    display = PredictionIntervalDisplay(0 * truth, truth, 0 * truth - 2, 0 * truth + 2)
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    display.plot(ax=left)
    display.plot(ax=right, max_rows=20)
    for ax, most in ((left, 200), (right, 20)):
        points = [lines(ax, word).get_xydata() for word in ("inside", "outside")]
        assert sum(map(len, points)) <= most
        assert ("rows" in ax.get_xlabel()) == (n_rows > most)
    assert display.coverage == np.mean(np.abs(truth) <= 2.0)
    check_figure(figure)


def test_errors(regressor):
    it = regressor()
    draw = PredictionIntervalDisplay.from_estimator
    with pytest.raises(
        ValueError, match=r"loss='gaussian', or with loss='quantile' .*SquaredError"
    ):
        draw(it.model, it.X, it.y)
    one_level = plain_regressor(loss=Quantile(0.5), max_iter=1, tol=None)
    with pytest.raises(ValueError, match=r"at least two levels, .* got loss=Quantile"):
        draw(one_level.fit(it.X, it.y), it.X, it.y)
    classes = plain_classifier(max_iter=1, tol=None).fit(it.X, it.y > 700.0)
    with pytest.raises(ValueError, match=r"loss='gaussian'.* JacobianMLPClassifier"):
        draw(classes, it.X, it.y)
    with pytest.raises(TypeError, match="estimator must be a JacobianMLPClassifier or"):
        draw(StandardScaler(), it.X, it.y)
    two = regressor("gaussian", 2)
    with pytest.raises(ValueError, match="'prediction' has 2 columns"):
        draw(two.model, two.X, two.y)
    with pytest.raises(ValueError, match="y must have 2 columns, one for each target"):
        draw(two.model, two.X, two.y[:, 0], target=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw(two.model, two.X, two.y[1:], target=0)
    with pytest.raises(ValueError, match=r"level must be a number in \(0, 1\), got 90"):
        draw(two.model, two.X, two.y, target=0, level=90)
    with pytest.raises(ValueError, match="max_rows must be an integer"):
        draw(two.model, two.X, two.y, target=0, max_rows=0)
    with pytest.raises(ValueError, match="must have one number each for every row"):
        PredictionIntervalDisplay([1.0], [1.0, 2.0], [0.0], [1.0]).plot()
    with pytest.raises(ValueError, match="must have one number each for every row"):
        PredictionIntervalDisplay([], [], [], []).plot()
