"""Gradient times input."""

import numpy as np

from skjacobnet.inspection.chosen_output import gradient_blocks
from skjacobnet.inspection.coordinates import coordinates
from skjacobnet.inspection.frames import labeled
from skjacobnet.inspection.pipelines import Route


def gradient_x_input(estimator, X, target=None, *, output=None):
    r"""Multiply each feature by its derivative of one column of an output.

    .. math:: A_{s,i} = x_{s,i} \, \partial f_{t(s)}(x_s) / \partial x_{s,i}

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted; the steps before it must be affine, such as scalers and PCA. Steps
        before an estimator with an `encoding` must not mix columns.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Numbers only, except for an estimator with an `encoding`.
    target : class or int, or array-like of shape (n_samples,), default=None
        Class :math:`t(s)`, one for all rows or one for each; for labels their
        index. None is the most probable one of each row. For a regressor the index of a
        column of the output; None is its only one.
    output : str, default=None
        Output to differentiate. For a classifier: ``"proba"``, the default, ``"raw"``
        or ``"log_proba"``. For a regressor: ``"prediction"``, the default, ``"raw"``,
        ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"`` with the loss
        ``"quantile"``.

    Returns
    -------
    array or data frame of shape (n_samples, n_features)
        In units of the output. A frame if `X` is one.

    Raises
    ------
    TypeError
        If a step before the network is not affine.
    ValueError
        If `target` or `output` is unknown, or `X` is invalid.

    See Also
    --------
    integrated_gradients : Attributions that add up to the change of the output.

    Notes
    -----
    The products add up to the change of the output only if the network is linear
    between zero and x.

    With an `encoding` the input x is the encoded row minus the weighted mean encoded
    row of the fit, so that zero is an average row, and a column has the sum over its
    encoded columns. Integrated gradients start at the same mean.

    References
    ----------
    .. [1] A. Shrikumar, P. Greenside and A. Kundaje, "Learning Important Features
       Through Propagating Activation Differences", ICML 2017.
       https://arxiv.org/abs/1704.02685

    Examples
    --------
    The output of a linear model without intercept is the sum of the attributions:

    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = [[1.0, 2.0], [3.0, 1.0]]
    >>> model = JacobianMLPClassifier((), encoding=None, max_iter=1).fit(X, [0, 1])
    >>> model.coefs_ = [[[0.5], [-1.0]]]
    >>> gradient_x_input(model, X, target=1, output="raw")
    array([[ 0.5, -2. ],
           [ 1.5, -1. ]])
    """
    route = Route(estimator, X, output)
    space, dtype = coordinates(route, X), route.model.dtype
    shares = np.empty((route.inputs.shape[0], route.n_features), dtype)
    for rows, gradient in gradient_blocks(route, target, space.first):
        change = space.difference(rows).astype(dtype, copy=False)
        shares[rows] = space.summed(change * gradient)
    return labeled(shares, X)
