"""The check of an encoding, on a table with columns of all kinds."""

import pickle

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import clone

from skjacobnet.core.workspace import Workspace
from skjacobnet.layers import Column, EncodedRows
from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_type,
    assert_written,
    unchanged,
)
from skjacobnet.testing.finite_differences import STEP
from skjacobnet.testing.operators import check_operator
from skjacobnet.testing.tables import draw_table

# Larger discrepancies of one-sided differences mark a kink: relative to the larger one,
# and to the largest slope of the column.
KINK = 1e-3
ROUNDING = 1e-7


def check_encoding(encoding, random_state=0):
    """Check the whole interface of an encoding.

    The table is random, with numbers, categories, missing values, ties, constants, a
    column with only missing values, and weights, some of them zero. Checks of the fit:
    integer weights equal repeated rows; rows of weight zero have no effect; neither
    have the order of rows and columns, the dtype and the memory order of the table, and
    blocks of rows. Checks of the layer: shapes, copies and pickles, that each output
    depends on one input, the Jacobian against central differences and at kinks against
    one-sided ones, the operator, by `check_operator`, the second derivative, float32,
    leading axes, `out`, workspaces, CSR inputs if accepted, and that arguments are not
    modified.

    Parameters
    ----------
    encoding : Encoding
        Unfitted encoding.
    random_state : int, Generator or None, default=0
        Seed of the table.

    Raises
    ------
    AssertionError
        If one of these fails. The message names the encoding and what differs.

    See Also
    --------
    check_layer : The check of other layers.

    Notes
    -----
    Derivatives must agree to 1e-6, statistics to 1e-14; edges and widths must be
    bit-identical.

    Examples
    --------
    >>> from skjacobnet.layers import Standardize
    >>> check_encoding(Standardize())
    """
    encoding.validate()
    rng = np.random.default_rng(random_state)
    X, columns = draw_table(rng)
    weight = rng.integers(0, 3, size=len(X)).astype(np.float64)
    with unchanged(encoding, X=X, weight=weight):
        layer, statistics, columns_out = encoding.fitted(columns, _rows(X, weight))
        _check_structure(encoding, layer, statistics, columns, columns_out)
        _check_fit(encoding, X, columns, weight, rng)
    with unchanged(layer, X=X, **statistics):
        _check_values(layer, statistics, X, columns, columns_out)
        _check_jacobian(layer, statistics, X, columns, columns_out, rng)
        _check_second_vjp(layer, statistics, draw_table(rng)[0], rng)
        _check_buffers(layer, statistics, X, rng)
        _check_stack(layer, statistics, X, rng)
        _check_float32(layer, statistics, X)
        if layer.accepts_sparse:
            _check_sparse(encoding, X, weight)


def _rows(X, weight=None, rows_per_block=None):
    return EncodedRows(X, weight, rows_per_block=rows_per_block)


def _check_structure(encoding, layer, statistics, columns, columns_out):
    n_in = len(columns)
    name = repr(encoding)
    if type(layer) is not type(encoding):
        raise AssertionError(f"{name}: fitted returns a {type(layer).__name__}.")
    layer.validate()
    shapes = {n: a.shape for n, a in layer.neutral_statistics(n_in).items()}
    found = {n: a.shape for n, a in statistics.items()}
    if found != shapes or tuple(found) != tuple(layer.statistics):
        raise AssertionError(
            f"{name}: fitted gives statistics of the shapes {found}, "
            f"neutral_statistics {shapes}, and the class names {layer.statistics}."
        )
    for statistic, array in statistics.items():
        assert_type(array, np.float64, f"{name}: statistic {statistic!r}")
        if not np.isfinite(array).all():
            raise AssertionError(f"{name}: statistic {statistic!r} is not finite.")
    if len(columns_out) != layer.output_size(n_in):
        raise AssertionError(
            f"{name}: fitted lists {len(columns_out)} columns, output_size says "
            f"{layer.output_size(n_in)}."
        )
    if not all(isinstance(column, Column) for column in columns_out):
        raise AssertionError(f"{name}: fitted lists other things than Column.")
    for copied in (clone(layer), pickle.loads(pickle.dumps(layer))):
        if not layer.same_as(copied) or repr(copied) != repr(layer):
            raise AssertionError(f"{name}: a copy of the fitted layer is another one.")


def _check_fit(encoding, X, columns, weight, rng):
    name = repr(encoding)
    expected = encoding.fitted(columns, _rows(X, weight))
    repeated = np.repeat(X, weight.astype(int), axis=0)
    ways = {
        "repeated rows": _rows(repeated),
        "blocks of 7 rows": _rows(X, weight, 7),
        "a table in Fortran order": _rows(np.asfortranarray(X), weight),
        "a table in float32": _rows(X.astype(np.float32), weight),
    }
    garbage = np.where(rng.random(X.shape) < 0.5, np.nan, 7.0)
    with_garbage = np.concatenate([X, garbage]), np.append(weight, np.zeros(len(X)))
    ways["further rows of weight zero"] = _rows(*with_garbage)
    order = rng.permutation(len(X))
    ways["shuffled rows"] = _rows(X[order], weight[order])
    for what, rows in ways.items():
        found = encoding.fitted(columns, rows)
        _assert_fits(found, expected, f"{name}: fitted to {what}")
    order = rng.permutation(len(columns))
    permuted = encoding.fitted([columns[i] for i in order], _rows(X[:, order], weight))
    layer, statistics, columns_out = permuted
    output = dict(
        zip(columns_out, layer.forward(statistics, X[:, order]).T, strict=True)
    )
    layer, statistics, columns_out = expected
    if set(output) != set(columns_out):
        raise AssertionError(
            f"{name}: after the columns of the table are permuted, the output has "
            f"{sorted(output)} instead of {sorted(columns_out)}."
        )
    straight = layer.forward(statistics, X).T
    for column, values in zip(columns_out, straight, strict=True):
        what = f"{name}: {column} after the columns of the table are permuted"
        assert_same(_filled(output[column]), _filled(values), what)


def _assert_fits(found, expected, what):
    if not found[0].same_as(expected[0]) or found[2] != expected[2]:
        raise AssertionError(f"{what}: {found[0]!r} instead of {expected[0]!r}.")
    for name, array in expected[1].items():
        assert_close(found[1][name], array, f"{what}: {name!r}", 1e-14, 0.0)


def _check_values(layer, statistics, X, columns, columns_out):
    """Check which inputs outputs depend on, and the outputs of missing numbers."""
    output = layer.forward(statistics, X)
    parts = [layer.forward(statistics, X[rows]) for rows in (slice(9), slice(9, None))]
    what = f"{layer!r}: a few rows at a time"
    assert_same(_filled(np.concatenate(parts)), _filled(output), what)
    for place, column in enumerate(columns_out):
        open_to_gaps = column.kind == "category" or (
            column.kind in ("number", "binary") and not layer.fills_missing
        )
        if not open_to_gaps and not np.isfinite(output[:, place]).all():
            raise AssertionError(f"{layer!r}: {column} of the output is missing.")
    for number, column in enumerate(columns):
        for value in (np.nan, 1.0, 2.5 if column.kind == "number" else 0.0):
            changed = X.copy()
            changed[:, number] = value
            moved = _filled(layer.forward(statistics, changed)) != _filled(output)
            sources = {columns_out[place].source for place in np.nonzero(moved)[1]}
            if not sources <= {column.source}:
                raise AssertionError(
                    f"{layer!r}: a change of {column} changes columns of the sources "
                    f"{sorted(sources)}."
                )


def _check_jacobian(layer, statistics, X, columns, columns_out, rng):
    output, operator = layer.linearize(statistics, X)
    what = f"{layer!r}: output of linearize against forward"
    assert_same(_filled(output), _filled(layer.forward(statistics, X)), what)
    exact = operator.todense(len(X))
    if np.count_nonzero(exact, axis=-1).max() > 1:
        raise AssertionError(f"{layer!r}: an output depends on several inputs.")
    for number, column in enumerate(columns):
        slopes = exact[..., number]
        if column.kind == "number":
            _check_slopes(layer, statistics, X, number, output, slopes)
        else:
            kept = np.array([out.kind == column.kind for out in columns_out])
            if slopes[:, ~kept].any():
                raise AssertionError(f"{layer!r}: a category has a derivative.")
    try:
        check_operator(operator, len(X), rng)
    except AssertionError as error:
        raise AssertionError(f"{layer!r}: operator {error}") from error


def _check_slopes(layer, statistics, X, number, output, slopes):
    """Compare slopes for one number with differences, at kinks with one-sided ones."""
    above, below = _moved(X, number)
    rise = layer.forward(statistics, above) - output
    fall = output - layer.forward(statistics, below)
    steps = [end[:, [number]] for end in (above - X, X - below, above - below)]
    right, left, central = rise / steps[0], fall / steps[1], (rise + fall) / steps[2]
    # A missing number stays missing when it is changed: its derivative is zero, unless
    # the output is missing as well.
    missing = np.isnan(X[:, number])
    right[missing], left[missing], central[missing] = 0.0, 0.0, 0.0
    defined = np.isfinite(output)
    largest = np.max(np.abs(central), initial=0.0, where=defined)
    either = np.maximum(np.abs(left), np.abs(right))
    jump = np.abs(right - left)
    kink = defined & (jump > KINK * either) & (jump > ROUNDING * largest)
    what = f"{layer!r}: Jacobian for input {number}"
    smooth = defined & ~kink
    assert_close(slopes[smooth], central[smooth], what)
    # The same side for all outputs, else they belong to no function.
    sides = [side[kink] for side in (left, right)]
    side = min(sides, key=lambda side: np.sum(np.abs(slopes[kink] - side)))
    assert_close(slopes[kink], side, f"{what} at a kink, against one side", 1e-4)


def _moved(X, number):
    """Return rows with one of their numbers slightly higher, and lower."""
    above, below = X.copy(), X.copy()
    step = STEP * np.maximum(1.0, np.abs(X[:, number]))
    above[:, number] += step
    below[:, number] -= step
    return above, below


def _check_second_vjp(layer, statistics, X, rng):
    """Check the second derivative where the first has no jump."""
    X = X + 0.01 * rng.random(X.shape)
    tangent = rng.normal(size=(2, *X.shape))
    n_out = layer.output_size(X.shape[-1])
    cotangent = rng.normal(size=(2, len(X), n_out))

    def products(X):
        images = layer.linearize(statistics, X)[1].jvp(tangent)
        return np.sum(images * cotangent, axis=(0, 2))

    at = layer.linearize(statistics, X)
    with unchanged(layer, X=X, tangent=tangent, cotangent=cotangent):
        found, for_weights = layer.second_vjp(statistics, X, *at, tangent, cotangent)
    if for_weights:
        raise AssertionError(f"{layer!r}: second_vjp for weights, which do not exist.")
    found = np.zeros_like(X) if found is None else found
    for number in range(X.shape[1]):
        above, below = _moved(X, number)
        steps = above[:, number] - below[:, number]
        change = products(above) - products(below)
        expected = np.where(np.isnan(steps), 0.0, change / steps)
        smooth = np.abs(change) <= KINK * np.max(np.abs(products(X)))
        what = f"{layer!r}: second_vjp for input {number}"
        assert_close(found[smooth, number], expected[smooth], what)


def _check_buffers(layer, statistics, X, rng):
    output, operator = layer.linearize(statistics, X)
    dense = operator.todense(len(X))
    out = np.full_like(output, -1.0)
    what = f"{layer!r}: forward"
    result = layer.forward(statistics, X, out)
    assert_written(_filled(result, False), out, _filled(output), what)
    n_out = output.shape[-1]
    wide = np.full((*output.shape[:-1], n_out + 1), -1.0)
    layer.forward(statistics, X, wide[..., :n_out])
    what = f"{layer!r}: forward to an array that is not contiguous"
    assert_same(_filled(wide[..., :n_out]), _filled(output), what)
    assert_same(wide[..., n_out], np.full_like(wide[..., n_out], -1.0), what)
    cotangent = rng.normal(size=output.shape)
    workspace = Workspace()
    prepared = layer.prepare(statistics, len(X), Workspace())
    for rows in (X[::-1], X):
        again = [
            layer.linearize(statistics, rows, workspace=workspace),
            prepared.linearize(rows),
        ]
    for (value, operator_again), what in zip(
        again, ("linearize with a workspace", "the prepared layer"), strict=True
    ):
        what = f"{layer!r}: {what} that was used before"
        assert_same(_filled(value), _filled(output), what)
        assert_same(operator_again.todense(len(X)), dense, f"{what}, Jacobian")
        out = np.full_like(X, np.nan)
        pulled_back = prepared.vjp(operator_again, X, cotangent, {}, out)
        assert_written(pulled_back, out, operator.vjp(cotangent), f"{what}, vjp")


def _check_stack(layer, statistics, X, rng):
    """Check that a stack of rows or statistics gives the results of its members."""
    others = {name: 1.5 * array for name, array in statistics.items()}
    members = [(statistics, X), (others, X[rng.permutation(len(X))])]
    both = {name: np.stack([array, others[name]]) for name, array in statistics.items()}
    stacked = np.stack([rows for _, rows in members])
    cases = {
        "a stack of both": (both, stacked, members),
        "a stack of rows": (statistics, stacked, [(statistics, X) for _, X in members]),
    }
    if statistics:
        own = [(known, X) for known, _ in members]
        cases["a stack of statistics"] = both, X, own
    for what, (known, rows, single) in cases.items():
        expected = [_results(layer, *member) for member in single]
        for name, result in _results(layer, known, rows).items():
            wanted = np.stack([results[name] for results in expected])
            assert_same(result, wanted, f"{layer!r}: {name} of {what}")


def _check_float32(layer, statistics, X):
    narrow = {name: array.astype(np.float32) for name, array in statistics.items()}
    exact = _results(layer, statistics, X)
    for name, result in _results(layer, narrow, X.astype(np.float32)).items():
        what = f"{layer!r}: {name} in float32"
        assert_type(result, np.float32, what)
        assert_close(result, exact[name], f"{what} against float64", 1e-4, 1e-6)


def _check_sparse(encoding, X, weight):
    """Check that numbers in a CSR matrix give the results of an array."""
    X = np.where(np.arange(X.size).reshape(X.shape) % 3 == 0, 0.0, X)
    columns = [Column(i, "number") for i in range(X.shape[1])]
    expected = encoding.fitted(columns, _rows(X, weight))
    for rows in (_rows(csr_array(X), weight), _rows(csr_array(X), weight, 7)):
        found = encoding.fitted(columns, rows)
        _assert_fits(found, expected, f"{encoding!r}: fitted to a CSR matrix")
    layer, statistics, _ = expected
    value, operator = layer.linearize(statistics, csr_array(X))
    output, dense = layer.linearize(statistics, X)
    what = f"{layer!r}: a CSR matrix against an array"
    assert_same(layer.forward(statistics, csr_array(X)).toarray(), output, what)
    assert_same(value.toarray(), output, f"{what}, linearize")
    assert_same(operator.todense(len(X)), dense.todense(len(X)), f"{what}, Jacobian")


def _results(layer, statistics, X):
    """Return all results of a layer, with vectors that depend only on shapes."""
    output, operator = layer.linearize(statistics, X)
    tangent = np.sin(np.arange(X.shape[-2] * X.shape[-1])).reshape(X.shape[-2:])
    n_out = output.shape[-1]
    cotangent = np.cos(np.arange(X.shape[-2] * n_out)).reshape(-1, n_out)
    shape = output.shape[:-1]
    tangent = np.broadcast_to(tangent.astype(X.dtype), (*shape, X.shape[-1]))
    cotangent = np.broadcast_to(cotangent.astype(X.dtype), output.shape)
    results = {
        "forward": _filled(layer.forward(statistics, X)),
        "linearize": _filled(output),
        "jvp": operator.jvp(tangent),
        "vjp": operator.vjp(cotangent),
    }
    pairs = np.stack([tangent, -tangent / 2]), np.stack([cotangent, cotangent])
    for_input, _ = layer.second_vjp(statistics, X, output, operator, *pairs)
    if for_input is not None:
        results["second_vjp"] = np.broadcast_to(for_input, tangent.shape)
    return results


def _filled(array, copy=True):
    """Return an array with missing numbers replaced by a unique number."""
    return np.nan_to_num(array, copy=copy, nan=-12345.0)
