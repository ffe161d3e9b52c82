"""Conversion of penalty strengths, which scikit-learn divides by the number of rows."""

import warnings


def rows_in_a_step(batch_size, n_rows):
    """Return the rows in a mini-batch; `n_rows` may be None."""
    rows = 200 if batch_size == "auto" else batch_size
    return rows if n_rows is None else min(rows, n_rows)


def warn_unknown(penalty, rule):
    """Warn that a penalty is dropped, because the number of rows is unknown."""
    warnings.warn(
        f"{penalty} is dropped: {rule} the number of rows, which is unknown after a "
        "fit with L-BFGS. Pass n_samples to keep it; predictions do not depend "
        "on it.",
        UserWarning,
        stacklevel=5,
    )
