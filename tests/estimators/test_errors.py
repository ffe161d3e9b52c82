"""Invalid input raises an error that names it, and the estimator is unchanged."""

import copy

import joblib
import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_matrix
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import Dropout, Linear, ReLU
from skjacobnet.optimizers import LBFGS, Adam
from skjacobnet.regularizers import Sparsity, WeightDecay

X, Y = load_iris(return_X_y=True)
NAN = X.copy()
NAN[3, 1] = np.nan
INF = X.copy()
INF[3, 1] = np.inf
WEIGHTS = np.ones(len(Y))

BAD_PARAMETERS = [
    (
        {"optimizer": "adamm"},
        ValueError,
        "Unknown optimizer 'adamm'. Did you mean 'adam'",
    ),
    ({"activation": "rellu"}, ValueError, "Did you mean 'relu'"),
    ({"loss": "cross-entropy"}, ValueError, "Did you mean 'cross_entropy'"),
    ({"schedule": "cosin"}, ValueError, "Did you mean 'cosine'"),
    ({"activation": "ReLU"}, ValueError, "'ReLU'. Did you mean 'relu'"),
    ({"optimizer": "ADAM"}, ValueError, "'ADAM'. Did you mean 'adam'"),
    ({"loss": "Cross_Entropy"}, ValueError, "Did you mean 'cross_entropy'"),
    ({"loss": "log_loss"}, ValueError, "Did you mean 'cross_entropy'"),
    ({"initializer": "he"}, ValueError, "'he'. Did you mean 'he_uniform'"),
    ({"initializer": "Xavier"}, ValueError, "Did you mean 'glorot_uniform'"),
    ({"initializer": "kaiming"}, ValueError, "Did you mean 'he_uniform'"),
    ({"schedule": "adaptive"}, ValueError, "Did you mean 'plateau'"),
    ({"regularizers": {"l2": 1.0}}, ValueError, "Did you mean 'weight_decay'"),
    ({"learning_rate": "constant"}, ValueError, "schedule, such as 'constant'"),
    ({"monitor": "ACCURACY"}, ValueError, "Did you mean 'accuracy'"),
    ({"regularizers": {"weight_decy": 1.0}}, ValueError, "Did you mean 'weight_decay'"),
    ({"layers": ["sigmod"]}, ValueError, "Did you mean 'sigmoid'"),
    ({"layers": ["linear"]}, ValueError, "pass an instance of Linear"),
    ({"optimizer": Adam}, TypeError, r"Did you mean Adam\(\)"),
    ({"optimizer": 3}, TypeError, "optimizer must be the name of an optimizer"),
    ({"optimizer": ReLU()}, TypeError, "optimizer must be the name of an optimizer"),
    ({"layers": "relu"}, TypeError, "layers must be a list"),
    ({"layers": [30]}, TypeError, r"layers\[0\] must be the name of a layer"),
    ({"layers": ["relu"], "dropout": 0.1}, ValueError, r"Dropout\(0.1\) into the list"),
    ({"layers": [Linear(0)]}, ValueError, "Linear: units must be an integer in"),
    ({"layers": [Dropout(1.0)]}, ValueError, r"Dropout: rate must be a number in \[0"),
    ({"hidden_layer_sizes": (10, 0)}, ValueError, r"hidden_layer_sizes\[1\] must be"),
    ({"hidden_layer_sizes": (10, 2.5)}, TypeError, r"hidden_layer_sizes\[1\]"),
    (
        {"hidden_layer_sizes": "10"},
        TypeError,
        r"hidden_layer_sizes must be an integer in \[1, inf\) or .*\(100, 50\).*'10'",
    ),
    ({"hidden_layer_sizes": 0}, ValueError, "hidden_layer_sizes must be .* got 0"),
    ({"hidden_layer_sizes": 2.5}, TypeError, "hidden_layer_sizes must be .* got 2.5"),
    ({"optimizer": Adam(beta_1=1.0)}, ValueError, "Adam: beta_1 must be a number in"),
    ({"regularizers": ["l1"]}, TypeError, "regularizers must be a dict"),
    ({"regularizers": {"l1": -1.0}}, ValueError, r"regularizers\['l1'\] must be"),
    ({"regularizers": {"l1": "much"}}, TypeError, r"regularizers\['l1'\]"),
    ({"regularizers": {"x": WeightDecay(-1.0)}}, ValueError, "strength must be"),
    ({"regularizers": {"s": Sparsity(1.0, form="kl")}}, ValueError, "ReLU|relu"),
    ({"learning_rate": 0.0}, ValueError, r"learning_rate must be a number in \(0"),
    ({"learning_rate": "adaptive"}, ValueError, "schedule.*'plateau'"),
    ({"learning_rate": "invscaling"}, ValueError, "'inverse_scaling'"),
    ({"learning_rate": np.nan}, ValueError, "learning_rate"),
    ({"dropout": 1.0}, ValueError, "dropout must be a number in"),
    ({"batch_size": 0}, ValueError, "batch_size must be an integer in"),
    ({"batch_size": 10.5}, TypeError, "batch_size must be an integer"),
    ({"max_iter": 0}, ValueError, "max_iter must be an integer in"),
    ({"max_iter": True}, TypeError, "max_iter must be an integer"),
    ({"max_iter": "many"}, TypeError, "max_iter must be an integer .* or 'auto'"),
    ({"batch_size": "small"}, TypeError, "batch_size must be .* or 'auto'"),
    ({"total_weight_decay": -1.0}, ValueError, "total_weight_decay must be a number"),
    ({"total_weight_decay": "much"}, TypeError, "total_weight_decay must be .*'auto'"),
    ({"calibration": "noise"}, ValueError, "calibration must be .*'temperature'"),
    ({"calibration": "isotonic"}, ValueError, "calibration must be .*'temperature'"),
    ({"calibration": 1}, ValueError, "calibration must be .*'temperature'"),
    ({"tol": -1.0}, ValueError, "tol must be a number in"),
    ({"n_iter_no_change": 0}, ValueError, "n_iter_no_change"),
    ({"shuffle": "yes"}, TypeError, "shuffle must be True or False"),
    ({"early_stopping": 1}, TypeError, "early_stopping must be True or False"),
    ({"validation_fraction": 1.0}, ValueError, "validation_fraction"),
    ({"monitor": 3}, TypeError, "monitor must be 'loss', the name of a scorer"),
    ({"monitor": "accurac"}, ValueError, "Did you mean 'accuracy'"),
    (
        {"hidden_layer_sizes": None},
        TypeError,
        r"hidden_layer_sizes must be .*\(\) for a linear model, got None",
    ),
    (
        {"activation": "linear"},
        ValueError,
        "Unknown activation 'linear'. Did you mean 'identity'",
    ),
    ({"activation": "dropuot"}, ValueError, r"'dropuot'\. Available: 'elu', 'gelu',"),
    ({"activation": 3}, TypeError, "activation must be the name of an activation or"),
    ({"activation": Linear(4)}, ValueError, "Put it into layers"),
    ({"regularizers": {1: 0.1}}, TypeError, "is not a string"),
    ({"learning_rate": np.ones(2)}, TypeError, "learning_rate must be a number"),
    ({"initializer": np.ones(2)}, TypeError, "initializer must be the name"),
    (
        {"class_weight": [1, 2]},
        ValueError,
        r"a dict .* such as \{0: 1.0, 1: 1.0\}, where y has one class in each row",
    ),
    ({"class_weight": [{0: 1.0}]}, ValueError, "one for each label, goes with a y"),
    ({"class_weight": {0: "a"}}, TypeError, r"class_weight\[0\] must be a number"),
    ({"class_weight": "balance"}, ValueError, "dict .*, 'balanced' or None, or"),
    ({"class_weight": 2.0}, ValueError, "class_weight must be a dict .* got 2.0"),
    ({"class_weight": {7: 1.0}}, ValueError, "class_weight names the class 7"),
    ({"dtype": "float16"}, ValueError, "dtype must be None, 'float32' or 'float64'"),
    ({"dtype": "double trouble"}, ValueError, "dtype must be None"),
    ({"random_state": "seed"}, ValueError, "random_state must be .* got 'seed'"),
    ({"random_state": -1}, ValueError, "random_state must be .* got -1"),
    (
        {"random_state": np.random.default_rng(0)},
        ValueError,
        "random_state must be .*RandomState.* got Generator",
    ),
    ({"verbose": -1}, ValueError, "verbose must be"),
    ({"optimizer": "lbfgs", "dropout": 0.2}, ValueError, "without noise"),
    ({"optimizer": LBFGS(), "schedule": "cosine"}, ValueError, "takes no schedule"),
]

BAD_DATA = [
    ((NAN, Y), {}, ValueError, "NaN"),
    ((INF, Y), {}, ValueError, "infinity"),
    ((csr_matrix(NAN), Y), {}, ValueError, "NaN"),
    ((X[:, 0], Y), {}, ValueError, "Expected 2D array"),
    ((X[:0], Y[:0]), {}, ValueError, "0 sample"),
    ((X, Y[:-1]), {}, ValueError, "inconsistent numbers of samples"),
    ((X, np.zeros(len(X))), {}, ValueError, "one class only"),
    ((X, Y + 0.5), {}, ValueError, "Unknown label type"),
    ((X, None), {}, ValueError, "requires y to be passed"),
    ((X, Y, -WEIGHTS), {}, ValueError, "must not be negative"),
    ((X, Y, WEIGHTS[:-1]), {}, ValueError, r"sample_weight must have the shape"),
    ((X, Y, 0.0 * WEIGHTS), {}, ValueError, "zero for every row"),
    ((X, Y), {"X_val": X}, ValueError, "X_val and y_val must be given together"),
    ((X, Y), {"X_val": X, "y_val": Y + 1}, ValueError, r"y_val has classes.*\[3\]"),
    ((X, Y), {"X_val": X[:, :2], "y_val": Y}, ValueError, "2 features"),
    ((X, Y), {"X_val": NAN, "y_val": Y}, ValueError, "X_val, y_val: .*NaN"),
    ((X, Y), {"sample_weight_val": WEIGHTS}, ValueError, "given together"),
]


def frozen(model):
    return {name: joblib.hash(value) for name, value in model.__dict__.items()}


def assert_unchanged(model, before):
    assert frozen(model) == before


@pytest.fixture(scope="module")
def fitted():
    return plain_classifier((4,), max_iter=2, tol=None, random_state=0).fit(X, Y)


@pytest.mark.parametrize(("params", "error", "message"), BAD_PARAMETERS)
def test_bad_parameters(fitted, params, error, message):
    model = copy.deepcopy(fitted).set_params(**params)
    before = frozen(model)
    with pytest.raises(error, match=message):
        model.fit(X, Y)
    assert_unchanged(model, before)


@pytest.mark.parametrize(("args", "kwargs", "error", "message"), BAD_DATA)
def test_bad_data(fitted, args, kwargs, error, message):
    for model in (plain_classifier(max_iter=2), copy.deepcopy(fitted)):
        before = frozen(model)
        with pytest.raises(error, match=message):
            model.fit(*args, **kwargs)
        assert_unchanged(model, before)


def test_partial_fit_with_other_classes(fitted):
    model = plain_classifier((4,), random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, Y)
    model.partial_fit(X, Y, classes=[0, 1, 2])
    before = frozen(model)
    with pytest.raises(ValueError, match=r"not seen before: \[3\]"):
        model.partial_fit(X, Y + 1)
    with pytest.raises(ValueError, match="not the same as in the first call"):
        model.partial_fit(X, Y, classes=[0, 1])
    assert_unchanged(model, before)
    with pytest.raises(ValueError, match="does not go with partial_fit"):
        model.set_params(class_weight="balanced").partial_fit(X, Y)
    assert not hasattr(JacobianMLPClassifier(optimizer="lbfgs"), "partial_fit")


def test_warm_start_with_other_classes():
    model = plain_classifier((4,), max_iter=2, tol=None, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="classes of the last fit"):
        model.fit(X[Y > 0], Y[Y > 0])


def test_divergence_names_the_rate_and_the_epoch(fitted):
    model = copy.deepcopy(fitted)
    model.set_params(optimizer="sgd", learning_rate=1e200, max_iter=50)
    before = frozen(model)
    with pytest.raises(ValueError, match=r"in epoch \d+ with learning_rate=1e\+200"):
        model.fit(X, Y)
    assert_unchanged(model, before)


def test_not_fitted():
    for method in (
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
    ):
        with pytest.raises(NotFittedError):
            getattr(JacobianMLPClassifier(), method)(X)
    assert not hasattr(JacobianMLPClassifier(), "coefs_")
