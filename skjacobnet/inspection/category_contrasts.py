"""Contrasts: changes of an output under other categories."""

import sys
from typing import Any, NamedTuple

import numpy as np

from skjacobnet.inspection.chosen_output import (
    most_probable,
    target_columns,
    target_cotangent,
)
from skjacobnet.inspection.contrasts import categories_of, contrast_blocks
from skjacobnet.inspection.pipelines import Route


class CategoryContrasts(NamedTuple):
    """Result of `category_contrasts`.

    Attributes
    ----------
    changes : array or data frame of shape (n_samples, n_contrasts)
        Change of the output of each row if it had that category; zero for its category.
        Columns of a pandas frame are pairs of a column of `X` and the text of a
        category. Columns of a polars frame are named ``"column=category"``.
    mean : array of shape (n_contrasts,), Series or data frame
        Mean of `changes` over the rows: the change of the mean output if all rows had
        that category. In pandas a Series with an entry for each pair, in polars a frame
        with the columns ``"column"``, ``"category"`` and ``"change"``.
    names : list of (name, category) of length n_contrasts
        Name of the column (or its index), and the category.
    """

    changes: Any
    mean: Any
    names: list


def category_contrasts(estimator, X, *, output=None, target=None):
    r"""Compute the change of an output if a row had another category.

    .. math:: C_{s,jk} = f_{t(s)}(x_s; x_{s,j} = k) - f_{t(s)}(x_s), \qquad
              \bar C_{jk} = \frac{1}{n} \sum_{s=1}^{n} C_{s,jk}

    for each categorical column j and each of its categories k. A category has no
    derivative; the contrast takes its place.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted, with an `encoding`. The steps before it must be affine, such as scalers,
        and leave the categorical columns unchanged.
    X : array-like or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    output : str, default=None
        Output that changes. For a classifier: ``"proba"``, the default, ``"raw"`` or
        ``"log_proba"``. For a regressor: ``"prediction"``, the default, ``"raw"``,
        ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"`` with the loss
        ``"quantile"``.
    target : class or int, or array-like of shape (n_samples,), default=None
        Class :math:`t(s)` to explain, one for all rows or one for each; for labels
        their index. None is the most probable one of each original row. For a regressor
        the index of a column of the output; None is its only one.

    Returns
    -------
    CategoryContrasts
        A tuple of ``changes``, ``mean`` and ``names``, in units of the output.

    Raises
    ------
    TypeError
        If a step before the network is not affine.
    ValueError
        If the network has no categorical columns, `target` or `output` is unknown, or
        `X` is invalid.

    See Also
    --------
    sensitivity : Mean absolute contrasts and derivatives.
    integrated_gradients : Attributions, of categories as well.

    Notes
    -----
    Only categories with an encoding are tried, not those pooled as rare. Rows with a
    pooled, unknown or missing category have contrasts for all categories, from the
    all-zero encoding.

    The mean is over all rows of `X`, those of the same category included. Other columns
    stay unchanged, so rows may become unlikely if columns depend on each other.

    The network is evaluated once for each category. Memory is the result plus one block
    of rows.

    Examples
    --------
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = np.array([["red", 1.0], ["blue", 2.0], ["green", 4.0]], dtype=object)
    >>> model = JacobianMLPClassifier((5,), max_iter=3)
    >>> changes, mean, names = category_contrasts(model.fit(X, [0, 1, 1]), X, target=1)
    >>> names
    [(0, 'blue'), (0, 'green'), (0, 'red')]
    >>> bool(changes[0, 2] == 0.0), changes.shape, mean.shape
    (True, (3, 3), (3,))
    """
    route = Route(estimator, X, output)
    columns = categories_of(route.model) if route.is_encoded else []
    if not columns:
        raise ValueError(
            "category_contrasts needs a network with categorical columns, but this "
            "one has none. Fit it with encoding='auto' to a table with a column "
            "of strings, or name one in categorical_features."
        )
    model, n_samples = route.model, route.inputs.shape[0]
    given = target_columns(model, route.output, target, n_samples)
    first = np.cumsum([0, *(len(column.codes) for column in columns)])
    changes = np.empty((n_samples, first[-1]), model.dtype)
    for rows, raw, contrasts in contrast_blocks(route, columns):
        chosen = most_probable(model, raw) if given is None else given[rows]
        picked = target_cotangent(model, chosen, route.output)
        for number, place, change, _ in contrasts:
            changes[rows, first[number] + place] = np.vecdot(change, picked)
    return _labeled(changes, X, _names(route, columns))


def _names(route, columns):
    """Return the name of the column and the category of each contrast."""
    known, found = route.model.columns, []
    origins = route.origins([column.input for column in columns]).tolist()
    for column, origin in zip(columns, origins, strict=True):
        categories = known.categories[column.input]
        name = origin if route.names is None else route.names[origin]
        found += [(name, categories[code]) for code in column.codes]
    return found


def _labeled(changes, X, names):
    mean = changes.mean(axis=0)
    # As strings, since an index treats False and 0 as equal.
    texts = [(name, str(category)) for name, category in names]
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        pairs = pandas.MultiIndex.from_tuples(texts, names=["column", "category"])
        changes = pandas.DataFrame(changes, index=X.index, columns=pairs)
        mean = pandas.Series(mean, index=pairs, name="change")
    elif polars is not None and isinstance(X, polars.DataFrame):
        titles = [f"{name}={category}" for name, category in texts]
        changes = polars.DataFrame(changes, schema=titles, orient="row")
        name, category = map(list, zip(*texts, strict=True))
        mean = polars.DataFrame({"column": name, "category": category, "change": mean})
    return CategoryContrasts(changes, mean, names)
