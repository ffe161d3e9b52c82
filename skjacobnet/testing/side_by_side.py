"""The check that networks side by side have the same results as each alone."""

from copy import copy

import numpy as np

MEMBERS = 3
# Numbers of a diverging network, as multiples of ordinary numbers.
EXTREMES = 1e4, np.inf, np.nan
OTHERWISE = "Set stackable = False in a part that cannot do so."


def check_as_alone(evaluate, part, arrays, axes, label, numbers=()):
    """Check that a stack and its single networks are bit-identical, in both dtypes.

    Parameters
    ----------
    evaluate : callable
        Function of a part and the arrays that returns a dict of results, each with the
        axis of the networks first if there are several.
    part : Component
    arrays : dict of str to array or None
        Arguments of networks side by side. Those with one axis more than for a single
        network are stacks of `MEMBERS`, others are shared.
    axes : dict of str to int
        Number of axes of each for a single network.
    label : str
        Name of the part in messages.
    numbers : dict of str to array of shape (MEMBERS,), optional
        Arguments of the part that differ by network.

    Raises
    ------
    AssertionError
        If results are not bit-identical, or the stack fails.
    """
    own = ", ".join(
        [*(n for n, a in arrays.items() if _is_stack(a, axes[n])), *numbers]
    )
    label = f"{label}, networks side by side, each with its own {own}"
    numbers = dict(numbers)
    for dtype in (np.float32, np.float64):
        cast = {n: None if a is None else a.astype(dtype) for n, a in arrays.items()}
        try:
            with np.errstate(all="ignore"):
                together = evaluate(_with_numbers(part, numbers), cast)
                alone = [
                    evaluate(
                        _with_numbers(
                            part, {n: float(v[k]) for n, v in numbers.items()}
                        ),
                        {n: _of_one(a, axes[n], k) for n, a in cast.items()},
                    )
                    for k in range(MEMBERS)
                ]
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".rstrip(". ")
            otherwise = "" if "stackable" in reason else f" {OTHERWISE}"
            raise AssertionError(
                f"{label}: {reason}.{_hint(numbers)}{otherwise}"
            ) from error
        for what, result in together.items():
            _assert_each(result, [of_one[what] for of_one in alone], f"{label}: {what}")


def extreme_variants(rows):
    """Return stacks in which one network has diverged.

    Parameters
    ----------
    rows : array of shape (MEMBERS, n_samples, n)

    Returns
    -------
    list of array of the same shape
        Stacks whose second network has huge numbers, then infinite ones, then NaN.
    """
    variants = []
    for factor in EXTREMES:
        variant = rows.copy()
        variant[1, -1] *= factor
        variants.append(variant)
    return variants


def _with_numbers(part, numbers):
    """Return a copy of a part with other arguments, possibly arrays."""
    part = copy(part)
    for name, value in numbers.items():
        setattr(part, name, value)
    return part


def _of_one(array, n_axes, member):
    """Return the entries of one network in an array, separate or shared."""
    return array[member] if _is_stack(array, n_axes) else array


def _hint(numbers):
    """Return a hint on arguments that differ by network."""
    hint = " There {} is an array with a number for each, for skjacobnet.core.fitting."
    return "".join(map(hint.format, numbers))


def _is_stack(array, n_axes):
    return array is not None and array.ndim > n_axes


def _assert_each(result, alone, what):
    shape = len(alone), *np.shape(alone[0])
    if np.shape(result) != shape:
        raise AssertionError(
            f"{what} has the shape {np.shape(result)}, expected {shape}. {OTHERWISE}"
        )
    for member, expected in enumerate(alone):
        found, expected = np.asarray(result[member]), np.asarray(expected)
        if found.dtype != expected.dtype:
            raise AssertionError(
                f"{what} is of type {found.dtype}, but {expected.dtype} for a network "
                "alone. A number that differs by network is converted to a dtype by "
                f"skjacobnet.core.fitting. {OTHERWISE}"
            )
        if np.array_equal(found, expected, equal_nan=True):
            continue
        differs = (found != expected) & ~(np.isnan(found) & np.isnan(expected))
        index = tuple(map(int, np.argwhere(differs)[0]))
        raise AssertionError(
            f"{what} of network {member} at index {index} is {found[index]!r}, and "
            f"alone {expected[index]!r}. {_advice(found, expected)} {OTHERWISE}"
        )


def _advice(found, expected):
    """Return the likely cause: the order of a sum, or an effect of other networks."""
    size = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    rounding = 1000.0 * float(np.finfo(expected.dtype).eps) * float(size)
    if not np.allclose(found, expected, 0.0, rounding, equal_nan=True):
        return (
            "Nothing may depend on the other networks: sums, means and decisions such "
            "as any() are over the rows of one network."
        )
    return (
        "Results must be bit-identical. Do not branch on numbers of all networks, as "
        "any() does. Sum with np.sum(..., axis=-1) or np.vecdot and multiply with "
        "np.matmul, network by network; np.einsum and products of all rows at once add "
        "in another order. A number that differs by network is rounded once, by "
        "skjacobnet.core.fitting."
    )
