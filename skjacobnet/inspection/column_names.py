"""Names of the columns of raw and of encoded tables."""

import numpy as np

from skjacobnet.data.frames import column, factor_of, numbers_of

# Patterns of the name of an encoded column from that of its raw column.
ENCODED = {
    "number": "{name}",
    "constant": "{name}",
    "binary": "{name}",
    "category": "{name}",
    "indicator": "{name} missing",
    "bin": "{name} in bin {place}",
    "one_hot": "{name}={category}",
}


def encoded_names(columns, encoded_columns):
    """Return the names of the encoded columns.

    Parameters
    ----------
    columns : RawColumns
    encoded_columns : sequence of Column

    Returns
    -------
    list of str
        Bins are counted from 1. A single column of two categories has the name of the
        second one, where it is 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = pd.DataFrame({"age": [1.0, None], "color": ["red", "blue"]})
    >>> model = JacobianMLPClassifier((), max_iter=1)
    >>> model = model.fit(X, [0, 1]).model_
    >>> encoded_names(model.columns, model.encoded_columns)
    ['age', 'color=red', 'age missing']
    """
    names = [f"x{n}" if isinstance(n, int) else str(n) for n in columns.names]
    found = []
    for source, kind, _, place in encoded_columns:
        category = columns.categories[source][place] if kind == "one_hot" else None
        # A kind of a custom encoding.
        pattern = ENCODED.get(kind, "{name} ({kind} {place})")
        found.append(
            pattern.format(
                name=names[source], kind=kind, place=place + 1, category=category
            )
        )
    return found


def cell_text(X, place, is_category):
    """Return the cell in a column of a one-row table, as a string.

    Examples
    --------
    >>> X = np.array([[1234567.0, 27812.34, 1.5e-7, "red", None]], dtype=object)
    >>> [cell_text(X, place, is_category=place > 2) for place in range(5)]
    ['1234567', '27810', '1.5e-07', 'red', 'missing']
    """
    values = column(X, place)
    if is_category:
        found, codes = factor_of(values, place)
        return str(found[codes[0]]) if codes[0] >= 0 else "missing"
    number = float(numbers_of(values, place)[0])
    if np.isnan(number):
        return "missing"
    if not 1e-4 <= abs(number) < 1e15:
        return f"{number:.4g}"
    if number.is_integer():
        return str(int(number))
    return np.format_float_positional(number, 4, fractional=False, trim="-")
