"""Comparisons whose failures say what differs, where and by how much."""

import pickle
from contextlib import contextmanager

import numpy as np


def assert_close(exact, empirical, what, rtol=1e-6, atol=1e-9):
    """Require that two arrays agree in shape and, to a tolerance, in every number.

    The tolerance is ``atol + rtol * max(abs(empirical))``, one number for the whole
    array, since the error of a finite difference has the size of the largest entries.

    Parameters
    ----------
    exact : array
        What a part claims.
    empirical : array
        What it is measured against.
    what : str
        What is compared, such as ``"ReLU(): Jacobian of the output for the input"``.
    rtol : float >= 0, default=1e-6
        Dimensionless.
    atol : float >= 0, default=1e-9
        The rounding error of a central difference of a function of size one. Unit: that
        of `exact`.

    Raises
    ------
    AssertionError
        If a shape or a number differs, or `exact` is not finite. The message has both
        numbers, the index where they differ most, and the tolerance.

    Examples
    --------
    >>> assert_close([1.0, 2.0], [1.0, 2.1], "slope")
    Traceback (most recent call last):
    AssertionError: slope: exact 2.0 and empirical 2.1 at index (1,) differ by 0.1,
    tolerance 2.1e-06.
    """
    exact, empirical = np.asarray(exact), np.asarray(empirical)
    if exact.shape != empirical.shape:
        raise AssertionError(
            f"{what}: shape {exact.shape} is not the expected {empirical.shape}."
        )
    if not exact.size:
        return
    tolerance = atol + rtol * float(np.max(np.abs(empirical)))
    # A difference that is not a number counts as infinite.
    difference = np.abs(exact.astype(np.float64) - empirical)
    difference = np.where(np.isnan(difference), np.inf, difference)
    index = tuple(map(int, np.unravel_index(np.argmax(difference), exact.shape)))
    if not difference[index] <= tolerance:
        raise AssertionError(
            f"{what}: exact {exact[index]!s} and empirical {empirical[index]!s} at "
            f"index {index} differ by {difference[index]:.3g}, "
            f"tolerance {tolerance:.3g}."
        )


def assert_same(result, expected, what, dtype=None):
    """Require agreement to rounding, for two ways to compute the same numbers.

    Parameters
    ----------
    result, expected : array
    what : str
    dtype : data-type, optional
        The type whose rounding counts; by default that of `expected`.

    Raises
    ------
    AssertionError
        As for `assert_close`.

    Notes
    -----
    The tolerance is 1000 times the machine precision, relative to the largest entry.
    """
    dtype = np.asarray(expected).dtype if dtype is None else dtype
    assert_close(result, expected, what, 1000.0 * float(np.finfo(dtype).eps), 0.0)


def assert_type(array, dtype, what):
    """Require the type of the numbers of an array."""
    if array.dtype != dtype:
        raise AssertionError(
            f"{what}: of type {array.dtype}, expected {np.dtype(dtype)}."
        )


def assert_written(result, out, expected, what):
    """Require that `out` was used and holds what the call without it returns."""
    if not np.shares_memory(result, out):
        raise AssertionError(f"{what}: `out` was given but not returned.")
    assert_same(out, expected, f"{what}, written to `out`")


@contextmanager
def unchanged(part, **arrays):
    """Require that a block changes neither a part nor arrays.

    Parameters
    ----------
    part : Component or other object
    **arrays : array
        Under the names by which messages call them.

    Raises
    ------
    AssertionError
        On leaving the block, if an attribute of the part or an array has changed.
    """
    attributes = _frozen(part)
    copies = {name: array.copy() for name, array in arrays.items()}
    yield
    now = _frozen(part)
    for name in sorted(attributes.keys() | now.keys()):
        if attributes.get(name) != now.get(name):
            raise AssertionError(
                f"{part!r}: a method changed the attribute {name!r}. A part is a "
                f"value; what must be remembered travels in arguments."
            )
    for name, array in arrays.items():
        if not np.array_equal(array, copies[name], equal_nan=True):
            raise AssertionError(f"{part!r}: a method changed the argument {name!r}.")


def _frozen(part):
    """Return each attribute as bytes."""
    return {name: pickle.dumps(value) for name, value in vars(part).items()}
