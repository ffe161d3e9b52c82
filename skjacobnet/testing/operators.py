"""The check of a Jacobian operator."""

import numpy as np

from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_type,
    assert_written,
)


def check_operator(operator, n_samples, random_state=0):
    r"""Check that the products of a Jacobian operator are consistent.

    For random tangents u and cotangents v it checks

    .. math:: \langle J u, v \rangle = \langle u, J^T v \rangle

    for each sample, the product of the dense Jacobian with u and v, free leading axes
    (a stack gives the results of its members), the dtype, and `out`.

    Parameters
    ----------
    operator : JacobianOperator
    n_samples : int >= 1
        Number of samples of the operator.
    random_state : int, Generator or None, default=0
        Seed of the tangents.

    Raises
    ------
    AssertionError
        If a check fails; the message names it and shows the numbers.

    See Also
    --------
    check_layer : Also compares the operator with finite differences.

    Notes
    -----
    All checks allow rounding errors of 1000 times the machine precision of the
    operator's dtype. They do not show that the matrix is the right one.

    Examples
    --------
    >>> from skjacobnet.operators import Diagonal
    >>> check_operator(Diagonal(np.array([[2.0, 3.0]])), n_samples=1)
    """
    rng = np.random.default_rng(random_state)
    name, dtype = type(operator).__name__, operator.dtype
    inner = (*(1,) * operator.stack_axes, n_samples)
    tangents = rng.normal(size=(3, *inner, operator.n_in)).astype(dtype)
    cotangents = rng.normal(size=(3, *inner, operator.n_out)).astype(dtype)
    images = _check_side(operator.jvp, tangents, f"{name}: jvp", dtype)
    pullbacks = _check_side(operator.vjp, cotangents, f"{name}: vjp", dtype)

    left, right = images * cotangents, tangents * pullbacks
    size = float(np.max(np.sum(np.abs(left), axis=-1)))
    assert_close(
        np.sum(left, axis=-1),
        np.sum(right, axis=-1),
        f"{name}: <J u, v> (exact) against <u, J^T v> (empirical)",
        rtol=0.0,
        atol=1000.0 * float(np.finfo(dtype).eps) * size,
    )

    dense = operator.todense(n_samples)
    assert_type(dense, dtype, f"{name}: todense")
    if dense.shape[-3:] != (n_samples, operator.n_out, operator.n_in):
        raise AssertionError(
            f"{name}: todense has the shape {dense.shape}, which must end with "
            f"(n_samples, n_out, n_in) = {(n_samples, operator.n_out, operator.n_in)}."
        )
    product = np.matmul(dense, tangents[..., np.newaxis])[..., 0]
    assert_same(images, product, f"{name}: jvp against todense @ u")
    transposed = np.matmul(cotangents[..., np.newaxis, :], dense)[..., 0, :]
    assert_same(pullbacks, transposed, f"{name}: vjp against v @ todense")
    coef = rng.normal(size=(2, operator.n_in)).astype(dtype)
    norms = np.sum(np.square(dense @ coef.T), axis=(-2, -1))
    assert_same(
        np.broadcast_to(operator.squared_norm_after(coef), norms.shape),
        norms,
        f"{name}: squared_norm_after against todense",
    )


def _check_side(apply, vectors, what, dtype):
    """Check one side for a stack of vectors and return its result."""
    before = vectors.copy()
    stacked = apply(vectors)
    assert_type(stacked, dtype, what)
    one_by_one = np.stack([apply(vector) for vector in vectors])
    assert_same(stacked, one_by_one, f"{what} of a stack against one by one")
    out = np.full_like(stacked, np.nan)
    assert_written(apply(vectors, out), out, stacked, what)
    if not np.array_equal(vectors, before):
        raise AssertionError(f"{what}: changed its argument.")
    return stacked
