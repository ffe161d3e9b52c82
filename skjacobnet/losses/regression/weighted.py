"""Weighted means and quantiles of targets over the rows."""

import numpy as np


def mean_over_rows(y, sample_weight=None):
    """Return the weighted mean of each column.

    Parameters
    ----------
    y : array of shape (n_samples, n_targets)
    sample_weight : array of shape (n_samples,), optional

    Returns
    -------
    array of shape (n_targets,), float64

    Examples
    --------
    >>> mean_over_rows(np.array([[1.0], [5.0]]), np.array([3.0, 1.0]))
    array([2.])
    """
    return np.average(y.astype(np.float64), axis=0, weights=sample_weight)


def quantiles_over_rows(y, levels, sample_weight=None):
    r"""Return weighted quantiles of each column, each equal to one of its entries.

    .. math:: q_\tau = \min \Bigl\{ q : \sum_{s : y_s \le q} w_s
        \ge \tau \sum_s w_s \Bigr\}

    Parameters
    ----------
    y : array of shape (n_samples, n_targets)
    levels : sequence of float
        :math:`\tau`, in (0, 1).
    sample_weight : array of shape (n_samples,), optional

    Returns
    -------
    array of shape (n_targets, n_levels), float64

    Examples
    --------
    >>> y = np.array([[30.0], [10.0], [20.0]])
    >>> quantiles_over_rows(y, [0.3, 0.5], np.array([1.0, 3.0, 1.0]))
    array([[10., 10.]])
    """
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    rows = np.argsort(y, axis=0)
    total = np.cumsum(weight.astype(np.float64)[rows], axis=0)
    return np.array(
        [
            column[order[np.searchsorted(sums, np.multiply(levels, sums[-1]))]]
            for column, order, sums in zip(y.T, rows.T, total.T, strict=True)
        ],
        np.float64,
    )
