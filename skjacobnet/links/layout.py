"""The layout of raw predictions of which several belong to one target."""


def per_target(raw, n_per_target):
    """Return raw predictions with an axis for the targets and one for what each has.

    Parameters
    ----------
    raw : array of shape (..., n_samples, n_targets * n_per_target)
        All of the first target, then all of the second, and so on.
    n_per_target : int >= 1

    Returns
    -------
    array of shape (..., n_samples, n_targets, n_per_target)
        A view where the memory allows it.

    Examples
    --------
    >>> import numpy as np
    >>> per_target(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    array([[[1., 2.],
            [3., 4.]]])
    """
    return raw.reshape(*raw.shape[:-1], raw.shape[-1] // n_per_target, n_per_target)
