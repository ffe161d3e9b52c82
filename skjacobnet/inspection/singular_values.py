"""Singular values of the Jacobians, layer by layer and end to end."""

from typing import NamedTuple

import numpy as np

from skjacobnet.accumulation import accumulate
from skjacobnet.inspection.pipelines import Route
from skjacobnet.inspection.units import units_of
from skjacobnet.operators import Diagonal, Expansion


class JacobianSpectrum(NamedTuple):
    """Result of `jacobian_spectrum`.

    Attributes
    ----------
    layers : list of array of shape (n_samples, min(n_in, n_out))
        Singular values of each layer of ``network_``, the largest first.
    whole : array of shape (n_samples, min(n_features, n_raw))
        Singular values of the raw prediction with respect to `X` in its units, for a
        regressor in the unit of its targets.
    """

    layers: list
    whole: np.ndarray


def jacobian_spectrum(estimator, X, *, units=None):
    r"""Return the singular values of each layer's Jacobian and of their product.

    .. math:: J(x_s) = J_L \cdots J_1 C^T \operatorname{diag}(u), \qquad
              J_l = U_l \operatorname{diag}(\sigma_l) V_l^T

    with the matrix C of the affine steps before the network and the units u of the
    columns of `X`.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted; the steps before it must be affine, such as scalers and PCA.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    units : float >= 0 or array-like of shape (n_features,), default=None
        Size of a unit change of each column, in the units of `X`; zero holds a column
        fixed. None is one; with an `encoding` it is the standard deviation of each
        column of numbers.

    Returns
    -------
    JacobianSpectrum
        A tuple of ``layers`` and ``whole``. Values of a layer with the same Jacobian
        for all rows are a view with repeated rows.

    Raises
    ------
    TypeError
        If a step before the network is not affine.
    ValueError
        If `X` or `units` is invalid.

    Notes
    -----
    The product of the layers' largest values bounds the largest value of the whole.
    Values near one throughout keep gradients from vanishing and from exploding [1]_;
    values of a sigmoid are at most 1/4.

    With an `encoding` only numbers change, and missing values do not. Units are
    standard deviations of the fit if the encoding has them, else those of the rows in
    `X`. They do not affect the values of single layers.

    References
    ----------
    .. [1] J. Pennington, S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry: theory and practice", NeurIPS 2017.
       https://arxiv.org/abs/1711.04735

    Examples
    --------
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = [[0.0, 0.0], [1.0, -1.0]]
    >>> model = JacobianMLPClassifier((2,), "sigmoid", encoding=None, max_iter=1)
    >>> model = model.fit(X, [0, 1])
    >>> model.coefs_ = [[[3.0, 0.0], [0.0, 4.0]], [[1.0], [0.0]]]
    >>> model.intercepts_ = [[0.0, 0.0], [0.0]]
    >>> layers, whole = jacobian_spectrum(model, X[:1])
    >>> layers[0], layers[1], whole
    (array([[4., 3.]]), array([[0.25, 0.25]]), array([[0.75]]))
    """
    route = Route(estimator, X)
    units = units_of(route, X, units).astype(route.model.dtype)
    network, n_samples = route.model.network, route.inputs.shape[0]
    dtype = route.model.dtype
    whole = np.empty((n_samples, min(route.n_features, route.n_outputs)), dtype)
    layers = [None] * len(network.layers)
    largest = max(a * b for a, b in zip(network.sizes, network.sizes[1:], strict=False))
    for rows, at, operators in route.chains(-(-largest // max(network.sizes))):
        n_rows = at.value.shape[0]
        product = accumulate(operators)
        jacobian = product.todense(n_rows) * units
        whole[rows] = np.linalg.svd(jacobian, compute_uv=False)
        for index, operator in enumerate(at.operators):
            if operator.shared and layers[index] is None:
                values = singular_values(operator, 1)
                layers[index] = np.broadcast_to(values, (n_samples, values.shape[1]))
            elif not operator.shared:
                values = singular_values(operator, n_rows)
                if layers[index] is None:
                    layers[index] = np.empty((n_samples, values.shape[1]), dtype)
                layers[index][rows] = values
    return JacobianSpectrum(layers, whole)


def singular_values(operator, n_samples):
    """Return the singular values of an operator, the largest first.

    Parameters
    ----------
    operator : JacobianOperator
    n_samples : int

    Returns
    -------
    array of shape (n_samples, min(n_in, n_out))

    Examples
    --------
    >>> singular_values(Diagonal(np.array([[2.0, -3.0]])), 1)
    array([[3., 2.]])
    """
    if isinstance(operator, Diagonal):
        sizes = -np.sort(-np.abs(operator.diagonal), axis=-1)
        return np.broadcast_to(sizes, (n_samples, operator.n_in))
    if isinstance(operator, Expansion):
        # Its columns share no outputs: the values are their norms.
        sizes = np.sqrt(operator.vjp(operator.slopes))
        sizes = -np.sort(-sizes, axis=-1)[..., : min(operator.n_in, operator.n_out)]
        return np.broadcast_to(sizes, (n_samples, sizes.shape[-1]))
    return np.linalg.svd(operator.todense(n_samples), compute_uv=False)
