"""Feature importance from derivatives, for each row and on average."""

import numpy as np

from skjacobnet.inspection.chosen_output import (
    most_probable,
    target_columns,
    target_cotangent,
    target_gradients,
)
from skjacobnet.inspection.contrasts import mean_absolute_contrasts
from skjacobnet.inspection.frames import labeled
from skjacobnet.inspection.output_columns import OutputColumns
from skjacobnet.inspection.pipelines import Route


def saliency(estimator, X, target=None, *, output=None):
    r"""Return the absolute derivative of one column of an output for each feature.

    .. math:: S_{s,i} = \left| \partial f_{t(s)}(x_s) / \partial x_{s,i} \right|

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted; the steps before it must be affine, such as scalers and PCA.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    target : class or int, or array-like of shape (n_samples,), default=None
        Class :math:`t(s)` to explain, one for all rows or one for each; for labels
        their index. None is the most probable one of each row. For a regressor the
        index of a column of the output; None is its only one.
    output : str, default=None
        Output to differentiate. For a classifier: ``"proba"``, the default, ``"raw"``
        or ``"log_proba"``. For a regressor: ``"prediction"``, the default, ``"raw"``,
        ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"`` with the loss
        ``"quantile"``. Probabilities hardly move where the network is certain; the raw
        prediction does.

    Returns
    -------
    array or data frame of shape (n_samples, n_features)
        In units of the output per unit of the feature as it comes in `X`. A frame if
        `X` is one, of pandas with its index or of polars, with its columns.

    Raises
    ------
    TypeError
        If a step before the network is not affine.
    ValueError
        If `target` or `output` is unknown, or `X` is invalid.

    See Also
    --------
    sensitivity : Mean over rows, for every column of the output.
    integrated_gradients : Attributions that add up to the change of a prediction.
    category_contrasts : Change of an output under each other category.

    Notes
    -----
    One vector is backpropagated for each row, whatever the number of columns.

    With an `encoding`, a categorical column has the mean absolute change of the output
    under the other categories, in units of the output: the mean of the absolute
    contrasts, weighted by the frequencies of the categories in the fit. This takes one
    evaluation of the network for each category. A missing number has zero.

    References
    ----------
    .. [1] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep Inside Convolutional
       Networks: Visualising Image Classification Models and Saliency Maps", 2013,
       Section 3. https://arxiv.org/abs/1312.6034

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> network = JacobianMLPClassifier((5,), max_iter=3, random_state=0)
    >>> model = make_pipeline(StandardScaler(), network).fit(X, y)
    >>> saliency(model, X).shape
    (150, 4)
    """
    route = Route(estimator, X, output)
    model = route.model
    strengths = np.abs(target_gradients(route, target))
    given = target_columns(model, route.output, target, route.inputs.shape[0])
    for rows, raw, column, contrasts in mean_absolute_contrasts(route):
        chosen = most_probable(model, raw) if given is None else given[rows]
        picked = np.abs(target_cotangent(model, chosen, route.output))
        strengths[rows, column] = np.vecdot(contrasts, picked)
    return labeled(strengths, X)


def sensitivity(estimator, X, *, output=None):
    r"""Return the mean absolute derivative of each output for each feature.

    .. math:: S_{o,i} = \frac{1}{n} \sum_{s=1}^{n}
              \left| \partial f_o(x_s) / \partial x_{s,i} \right|

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted; the steps before it must be affine, such as scalers and PCA.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    output : str, default=None
        Output to differentiate. For a classifier: ``"proba"``, the default, ``"raw"``
        or ``"log_proba"``. For a regressor: ``"prediction"``, the default, ``"raw"``,
        ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"`` with the loss
        ``"quantile"``.

    Returns
    -------
    array or data frame of shape (n_outputs, n_features)
        In units of the output per unit of the feature as it comes in `X`. A frame if
        `X` is one, with a row for each class and the columns of `X`: in pandas rows are
        named after the classes, in polars a first column ``"class"`` holds them. The
        one raw prediction of a binary problem is that of the second class. For a
        regressor rows are named after the output if it has one column, such as
        ``"prediction"``; after the levels of quantiles of a single target; else after
        the indices of targets or columns. The first column in polars is then named
        ``"output"``, ``"level"``, ``"target"`` or ``"column"``.

    Raises
    ------
    TypeError
        If a step before the network is not affine.
    ValueError
        If `output` is unknown, or `X` is invalid.

    See Also
    --------
    saliency : Absolute derivatives for each row.

    Notes
    -----
    Computed in blocks of rows. To compare features, multiply by their standard
    deviations.

    With an `encoding`, a categorical column has the mean absolute change of the output
    under the other categories, as in `saliency`.

    References
    ----------
    .. [1] Y. Dimopoulos, P. Bourret and S. Lek, "Use of some sensitivity criteria for
       choosing networks with good generalization ability", Neural Processing Letters 2,
       1-4, 1995. https://doi.org/10.1007/BF02309007

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = JacobianMLPClassifier((5,), max_iter=3, random_state=0)
    >>> sensitivity(model.fit(X, y), X).columns[0]
    'sepal length (cm)'
    """
    route = Route(estimator, X, output)
    total = np.zeros((route.n_outputs, route.n_features))
    for _, _, jacobian in route.jacobians():
        total += np.abs(jacobian).sum(axis=0)
    for _, _, column, contrasts in mean_absolute_contrasts(route):
        total[:, column] += contrasts.sum(axis=0)
    mean = (total / route.inputs.shape[0]).astype(route.model.dtype)
    columns = OutputColumns.of(route.model, route.output)
    return labeled(mean, X, columns.names, columns.kind)
