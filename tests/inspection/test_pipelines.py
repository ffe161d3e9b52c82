"""Derivatives through every affine step, against differences of the whole pipeline."""

import numpy as np
import pandas as pd
import pytest
from plain import plain_classifier
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from skjacobnet.inspection import (
    AccumulationProfileDisplay,
    JacobianSpectrumDisplay,
    boundary_distance,
    fast_gradient_attack,
    gradient_x_input,
    influence,
    integrated_gradients,
    jacobian_spectrum,
    robustness_curve,
    saliency,
    sensitivity,
)
from skjacobnet.inspection.affine_steps import linear_part
from skjacobnet.inspection.pipelines import Route
from skjacobnet.testing import empirical_jacobian

X, Y = load_iris(return_X_y=True)
NAMES = ["a", "b", "c", "d"]


def network():
    return plain_classifier(
        (6,), "tanh", max_iter=5, tol=None, random_state=0, learning_rate=0.05
    )


def jacobian(model, X, output="proba"):
    route = Route(model, X, output)
    return np.concatenate([block for _, _, block in route.jacobians()])


def columns(*parts, **params):
    return ColumnTransformer([(f"part{i}", *p) for i, p in enumerate(parts)], **params)


STEPS = {
    "standard": [StandardScaler()],
    "standard without mean": [StandardScaler(with_mean=False)],
    "standard without scale": [StandardScaler(with_std=False)],
    "minmax": [MinMaxScaler((-2, 3))],
    "maxabs": [MaxAbsScaler()],
    "robust": [RobustScaler()],
    "robust without scale": [RobustScaler(with_scaling=False)],
    "pca": [PCA(3)],
    "whitened": [StandardScaler(), PCA(3, whiten=True)],
    "incremental pca": [IncrementalPCA(3, batch_size=40)],
    "whitened incrementally": [StandardScaler(), IncrementalPCA(2, whiten=True)],
    "svd": [TruncatedSVD(2, random_state=0)],
    "selected": [StandardScaler(), SelectKBest(k=2)],
    "threshold": [VarianceThreshold(0.5), MinMaxScaler()],
    "passthrough": ["passthrough", StandardScaler(), FunctionTransformer()],
    "nested": [make_pipeline(StandardScaler(), PCA(2)), MinMaxScaler()],
    "union": [make_union(StandardScaler(), PCA(2), "passthrough")],
    "weighted union": [
        RobustScaler(),
        FeatureUnion(
            [
                ("a", make_pipeline(MinMaxScaler(), IncrementalPCA(2))),
                ("b", "drop"),
                ("c", "passthrough"),
                ("d", columns((StandardScaler(), [3, 1]))),
            ],
            transformer_weights={"a": 0.5, "c": -2.0},
        ),
    ],
    "union in columns": [columns((make_union(PCA(1), MaxAbsScaler()), [0, 3]))],
    "columns": [
        columns(
            (PCA(1), [2, 0]),
            (StandardScaler(), slice(1, 3)),
            ("drop", [0]),
            remainder="passthrough",
        )
    ],
    "masks": [
        columns(
            ("passthrough", np.array([False, True, True, False])),
            (make_pipeline(MinMaxScaler(), PCA(1)), [-1, 0]),
            (StandardScaler(), []),
            transformer_weights={"part0": 3.0},
        ),
        RobustScaler(),
    ],
    "parts not in the order of their names": [
        ColumnTransformer([("z", PCA(1), [0, 1]), ("a", StandardScaler(), [3])])
    ],
    "remainder": [columns(("drop", [1]), remainder=StandardScaler())],
    "columns in columns": [
        columns((columns((StandardScaler(), [1])), [0, 3]), remainder="drop")
    ],
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("output", ["proba", "raw"])
def test_every_affine_step(name, output):
    model = make_pipeline(*STEPS[name], network()).fit(X, Y)
    predict = model.predict_proba if output == "proba" else model.decision_function
    expected = empirical_jacobian(predict, X)
    assert np.abs(expected).max() > 1e-3
    result = jacobian(model, X, output)
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(
        sensitivity(model, X, output=output), np.abs(expected).mean(axis=0), atol=1e-8
    )


def test_selection_by_name_in_frames_with_other_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(X, columns=NAMES)
    frame.insert(1, "word", rng.choice(["x", "y"], len(X)))
    steps = columns(
        (StandardScaler(), ["d", "a"]),
        (PCA(1), slice("b", "c")),
        ("drop", make_column_selector(dtype_exclude="number")),
        ("passthrough", pd.Index(["c"])),
        (MinMaxScaler(), make_column_selector("a")),
    )
    model = make_pipeline(steps, network()).fit(frame, Y)

    def predict(X):
        changed = frame.copy()
        changed[NAMES] = X
        return model.predict_proba(changed)

    expected = empirical_jacobian(predict, X)
    result = jacobian(model, frame)
    assert result.shape == (150, 3, 5)
    assert not result[:, :, 1].any()
    np.testing.assert_allclose(result[:, :, [0, 2, 3, 4]], expected, atol=1e-8)


def test_steps_that_return_frames():
    frame = pd.DataFrame(X, columns=NAMES)
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, network()).fit(frame, Y)
    plain = make_pipeline(StandardScaler(), network()).fit(X, Y)
    np.testing.assert_allclose(jacobian(model, frame), jacobian(plain, X), atol=1e-13)


def test_pipelines_in_pipelines_and_of_one_step():
    inner = make_pipeline(StandardScaler(), network())
    model = make_pipeline(MinMaxScaler(), inner).fit(X, Y)
    expected = empirical_jacobian(model.predict_proba, X)
    np.testing.assert_allclose(jacobian(model, X), expected, atol=1e-8)
    alone = make_pipeline(network()).fit(X, Y)
    np.testing.assert_array_equal(jacobian(alone, X), alone[0].input_jacobian(X))


def test_sparse_rows():
    rows = np.where(X > 1.5, X, 0.0)
    model = make_pipeline(MaxAbsScaler(), TruncatedSVD(3), network()).fit(rows, Y)
    dense = jacobian(model, rows)
    np.testing.assert_allclose(jacobian(model, sparse.csr_array(rows)), dense)
    model = make_pipeline(MaxAbsScaler(), network()).fit(sparse.csr_array(rows), Y)
    expected = empirical_jacobian(model.predict_proba, rows)
    result = jacobian(model, sparse.csr_matrix(rows))
    np.testing.assert_allclose(result, expected, atol=1e-8)


def test_lists_and_float32():
    model = make_pipeline(StandardScaler(), network()).fit(X.astype(np.float32), Y)
    assert model[-1].weights_.dtype == np.float32
    assert jacobian(model, X.astype(np.float32)).dtype == np.float32
    assert saliency(model, X[:3].tolist()).shape == (3, 4)


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (PolynomialFeatures(2), "Step 'it', PolynomialFeatures() of class Polynomial"),
        (Normalizer(), "Step 'it', Normalizer() of class Normalizer"),
        (MinMaxScaler(clip=True), "Step 'it', MinMaxScaler(clip=True) of class MinM"),
        (FunctionTransformer(np.tanh), "of class FunctionTransformer"),
        (make_pipeline(PolynomialFeatures()), "Step 'it__polynomialfeatures', Poly"),
        (columns((Normalizer(), [0, 1])), "Step 'it__part0', Normalizer() of class"),
        (make_union(PCA(1), Normalizer()), "Step 'it__normalizer', Normalizer() of"),
    ],
    ids=str,
)
def test_other_steps_are_named(step, named):
    model = Pipeline([("it", step), ("network", network())]).fit(X, Y)
    with pytest.raises(TypeError) as caught:
        saliency(model, X)
    assert named in str(caught.value)
    assert "is not known to be affine" in str(caught.value)
    assert "IncrementalPCA" in str(caught.value)
    assert "FeatureUnion" in str(caught.value)
    # The way out that the message names.
    assert saliency(model[-1], model[:-1].transform(X)).shape[0] == 150


class Sampler(BaseEstimator):
    """Draws rows for the fit, as those of imbalanced-learn do, and cannot transform."""

    def fit_resample(self, X, y):
        return X[::2], y[::2]


@pytest.mark.parametrize("inner", [False, True])
def test_samplers_do_nothing_to_predictions(inner):
    plain = make_pipeline(StandardScaler(), PCA(3), network()).fit(X, Y)
    scaler, pca, classifier = (step for _, step in plain.steps)
    sampled = make_pipeline(scaler, Sampler(), pca, classifier)
    if inner:
        sampled = make_pipeline(scaler, make_pipeline(Sampler(), pca, classifier))
    np.testing.assert_array_equal(jacobian(sampled, X), jacobian(plain, X))
    np.testing.assert_array_equal(
        influence(sampled, X[:9], Y[:9], X[:2]), influence(plain, X[:9], Y[:9], X[:2])
    )
    part = linear_part(make_pipeline(Sampler(), pca), "it", 4)
    np.testing.assert_array_equal(part, pca.components_.T)


ROW_FUNCTIONS = {
    "saliency": saliency,
    "sensitivity": sensitivity,
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": integrated_gradients,
    "boundary_distance": boundary_distance,
    "fast_gradient_attack": lambda m, x: fast_gradient_attack(m, x, Y[:1], 0.1),
    "attacks": lambda m, x: robustness_curve(m, x, Y[:1], [0.1]),
    "jacobian_spectrum": jacobian_spectrum,
    "influence on": lambda m, x: influence(m, X, Y, x),
    "influence of": lambda m, x: influence(m, x, Y[:1], X),
    "spectrum display": JacobianSpectrumDisplay.from_estimator,
    "accumulation display": AccumulationProfileDisplay.from_estimator,
}


@pytest.mark.parametrize("name", ROW_FUNCTIONS)
@pytest.mark.parametrize("scaled", [False, True])
def test_one_row_alone_is_no_table(name, scaled):
    model = network().fit(X, Y)
    if scaled:
        model = make_pipeline(StandardScaler(), network()).fit(X, Y)
    for row in (X[0], X[0].tolist(), pd.Series(X[0])):
        with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
            ROW_FUNCTIONS[name](model, row)
    with pytest.raises(ValueError, match="Expected 2D array, got scalar array instead"):
        ROW_FUNCTIONS[name](model, 3.0)
    with pytest.raises(ValueError, match="Found array with dim 3"):
        ROW_FUNCTIONS[name](model, X[np.newaxis])


def test_errors():
    with pytest.raises(
        TypeError, match="a JacobianMLPClassifier or JacobianMLPRegressor"
    ):
        saliency(LogisticRegression(), X)
    with pytest.raises(TypeError, match="ends in one, got LogisticRegression"):
        saliency(make_pipeline(StandardScaler(), LogisticRegression()), X)
    search = GridSearchCV(network(), {"max_iter": [1]}, cv=2)
    with pytest.raises(TypeError, match=r"got GridSearchCV\.$"):
        saliency(search, X)
    search.fit(X, Y)
    with pytest.raises(TypeError, match=r"GridSearchCV\. .*search\.best_estimator_"):
        saliency(search, X)
    saliency(search.best_estimator_, X)
    with pytest.raises(NotFittedError):
        saliency(make_pipeline(StandardScaler(), network()), X)
    model = make_pipeline(StandardScaler(), network()).fit(X, Y)
    with pytest.raises(ValueError, match="output must be one of"):
        saliency(model, X, output="probs")
