"""What a training must do better than: always predict the share of each class."""

import numpy as np

# A share of zero would have a raw prediction of minus infinity.
SMALLEST_SHARE = 1e-12


def loss_of_shares(loss, table):
    r"""Return the loss of a constant prediction, the share of each class in a table.

    .. math:: L_0 = \sum_k p_k \, \ell(k, z_0), \qquad z_0 = \log p,

    and :math:`z_0 = \log (p_1 / p_0)` for two classes.

    Parameters
    ----------
    loss : Loss
    table : Table
        Shares are those of the weights of its rows.

    Returns
    -------
    float
        Infinite for labels, where rows are not told apart by a single class.

    Examples
    --------
    >>> from skjacobnet.losses import CrossEntropy
    >>> from skjacobnet.data.table import Table
    >>> table = Table.of(np.zeros((4, 1)), np.array(["a", "b", "b", "b"]))
    >>> loss_of_shares(CrossEntropy(), table)
    0.562335
    """
    targets = table.targets
    if targets.multilabel:
        return np.inf
    weight = table.weight
    if weight is not None and table.rows is not None:
        weight = weight[table.rows]
    n_classes = len(targets.classes)
    shares = np.bincount(table.counted_codes, weight, n_classes)
    shares = np.maximum(shares / shares.sum(), SMALLEST_SHARE)
    raw = np.log(shares)
    raw = raw[1:] - raw[:1] if targets.n_raw == 1 else raw
    every = targets.encode(np.arange(n_classes), float)
    values = loss.sample_values(every, np.tile(raw, (n_classes, 1)), targets.link)
    return float(shares @ values)
