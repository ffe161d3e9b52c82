"""Layout of several raw predictions per target."""


def per_target(raw, n_per_target):
    """Reshape raw predictions to an axis for the targets and one within each.

    Parameters
    ----------
    raw : array of shape (..., n_samples, n_targets * n_per_target)
        All raw predictions of the first target, then all of the second, and so on.
    n_per_target : int >= 1

    Returns
    -------
    array of shape (..., n_samples, n_targets, n_per_target)
        A view if the memory layout allows it.

    Examples
    --------
    >>> import numpy as np
    >>> per_target(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    array([[[1., 2.],
            [3., 4.]]])
    """
    return raw.reshape(*raw.shape[:-1], raw.shape[-1] // n_per_target, n_per_target)
