"""Assertions whose messages name the difference, its place and its size."""

import pickle
from contextlib import contextmanager

import numpy as np


def assert_close(exact, empirical, what, rtol=1e-6, atol=1e-9):
    """Assert that two arrays have the same shape and agree to a tolerance.

    The tolerance is ``atol + rtol * max(abs(empirical))``, one number for the whole
    array, since the error of a finite difference scales with the largest entries.

    Parameters
    ----------
    exact : array
        Array to check, such as an exact derivative.
    empirical : array
        Reference array, such as a finite difference.
    what : str
        Label in messages, such as ``"ReLU(): Jacobian of the output for the input"``.
    rtol : float >= 0, default=1e-6
        Dimensionless.
    atol : float >= 0, default=1e-9
        Absolute tolerance, by default the rounding error of a central difference of a
        function of size one. Unit: that of `exact`.

    Raises
    ------
    AssertionError
        If a shape or a number differs, or `exact` is not finite. The message shows both
        numbers, the index of the largest difference, and the tolerance.

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
    """Assert that two arrays agree up to rounding.

    Parameters
    ----------
    result, expected : array
    what : str
    dtype : data-type, optional
        Type whose rounding sets the tolerance; by default that of `expected`.

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
    """Assert the dtype of an array."""
    if array.dtype != dtype:
        raise AssertionError(
            f"{what}: of type {array.dtype}, expected {np.dtype(dtype)}."
        )


def assert_written(result, out, expected, what):
    """Assert that `out` was used and holds the result of the call without it."""
    if not np.shares_memory(result, out):
        raise AssertionError(f"{what}: `out` was given but not returned.")
    assert_same(out, expected, f"{what}, written to `out`")


@contextmanager
def unchanged(part, **arrays):
    """Assert that a block changes neither a part nor arrays.

    Parameters
    ----------
    part : Component or other object
    **arrays : array
        Arrays, with their names in messages.

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
                f"{part!r}: a method changed the attribute {name!r}. A part must not "
                f"change; pass state in arguments."
            )
    for name, array in arrays.items():
        if not np.array_equal(array, copies[name], equal_nan=True):
            raise AssertionError(f"{part!r}: a method changed the argument {name!r}.")


def _frozen(part):
    """Return each attribute as bytes."""
    return {name: pickle.dumps(value) for name, value in vars(part).items()}
