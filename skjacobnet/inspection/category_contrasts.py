"""What an output would change if a row had another category."""

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
    """What `category_contrasts` returns.

    Attributes
    ----------
    changes : array or data frame of shape (n_samples, n_contrasts)
        What the output of each row would change if it had that category; zero where it
        has. Columns of a pandas frame are pairs of a column of `X` and the text of a
        category. Those of a polars frame are called ``"column=category"``.
    mean : array of shape (n_contrasts,), Series or data frame
        The mean of `changes` over the rows: how the mean output would change if all
        rows had that category. In pandas a Series with an entry for each pair, in
        polars a frame with the columns ``"column"``, ``"category"`` and ``"change"``.
    names : list of (name, category) of length n_contrasts
        The column, by its name or else its number, and the category.
    """

    changes: Any
    mean: Any
    names: list


def category_contrasts(estimator, X, *, output=None, target=None):
    r"""Measure what an output would change if a row had another category.

    .. math:: C_{s,jk} = f_{t(s)}(x_s; x_{s,j} = k) - f_{t(s)}(x_s), \qquad
              \bar C_{jk} = \frac{1}{n} \sum_{s=1}^{n} C_{s,jk}

    for each column j of categories and each category k of it. A category has no
    derivative; this is what takes its place.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted, with an `encoding`. The steps before it must be affine, such as scalers,
        and pass the columns of categories on.
    X : array-like or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    output : str, default=None
        What changes. Of a classifier: ``"proba"``, the default, ``"raw"`` or
        ``"log_proba"``. For a regressor: ``"prediction"``, the default, ``"raw"``,
        ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"`` with the loss
        ``"quantile"``.
    target : class or int, or array-like of shape (n_samples,), default=None
        The class :math:`t(s)` to look at, one for all rows or one for each; for labels
        their number. None is the most probable one of each row as it is. For a
        regressor the index of a column of the output; None is its only one.

    Returns
    -------
    CategoryContrasts
        A tuple of ``changes``, ``mean`` and ``names``, in units of the output.

    Raises
    ------
    TypeError
        If a step before the network is not affine.
    ValueError
        If the network tells no categories apart, `target` or `output` is unknown, or
        `X` is invalid.

    See Also
    --------
    sensitivity : The mean absolute contrast of each column, beside derivatives.
    integrated_gradients : Shares of a prediction, of categories too.

    Notes
    -----
    Only categories that the network tells apart are tried, not those that were pooled
    as rare. Rows with a pooled, unknown or missing category have contrasts for all of
    them, from what the network makes of none.

    The mean is over the rows that are given, each as often as its own category occurs
    among them. Other columns stay as they are, so that rows may become unlikely where
    columns depend on each other.

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
            "category_contrasts needs a network that tells categories apart, but this "
            "one was given none. Fit it with encoding='auto' to a table with a column "
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
    # As texts, since an index takes False and 0 for the same.
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
