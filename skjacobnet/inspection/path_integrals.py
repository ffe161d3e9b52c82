"""Attributions that add up to the change of an output."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from skjacobnet.accumulation import cotangents
from skjacobnet.core.blocks import row_blocks, rows_of, slices
from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.chosen_output import (
    most_probable,
    target_columns,
    target_cotangent,
)
from skjacobnet.inspection.frames import feature_names, labeled
from skjacobnet.inspection.pipelines import Route, numbers
from skjacobnet.layers import Elementwise

# The Gauss-Legendre rule on each piece of a path, with points in (0, 1), and a coarser
# one on three of its points, exact for cubics, that it is compared with.
NODES, RULE = np.polynomial.legendre.leggauss(5)
OUTER = 1.0 / (6.0 * NODES[0] ** 2)
COARSE = np.array([OUTER, 0.0, 1.0 - 2.0 * OUTER, 0.0, OUTER])
NODES, RULE = 0.5 * (1.0 + NODES), 0.5 * RULE
# Kinks nearer than this to the end of a piece, as a share of it, are at that end.
AT_END = 1e-8


class IntegratedGradients(NamedTuple):
    """What `integrated_gradients` returns.

    Attributes
    ----------
    attributions : array or pandas.DataFrame of shape (n_samples, n_features)
        In units of the output.
    error : array of shape (n_samples,)
        By how much the sum of a row's attributions misses the change of its output.
    """

    attributions: np.ndarray
    error: np.ndarray


def integrated_gradients(
    estimator, X, baseline=None, target=None, *, output="proba", tol=1e-4, max_iter=50
):
    r"""Share the change of an output between a baseline and a row among the features.

    .. math:: A_i = (x_i - b_i) \int_0^1
              \frac{\partial f_t}{\partial x_i}\bigl(b + \alpha (x - b)\bigr) d\alpha,
              \qquad \sum_i A_i = f_t(x) - f_t(b)

    Parameters
    ----------
    estimator : JacobianMLPClassifier or Pipeline
        Fitted; the steps before it must be affine, such as scalers and PCA.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        All of it numbers.
    baseline : array-like, default=None
        Where each path starts, of shape (n_features,), or (1, n_features) or
        (n_samples, n_features), in the units of `X`. Names in a Series or a data frame
        must be those of `X` in the same order. None is zero.
    target : class, or array-like of shape (n_samples,), default=None
        The class t, one for all rows or one for each; for labels their number. None is
        the most probable one of each row.
    output : {"proba", "raw", "log_proba"}, default="proba"
        What is shared out.
    tol : float > 0, default=1e-4
        By how much the sum may miss, in units of the output. Each attribution is kept
        as close, as far as two rules of integration can tell.
    max_iter : int >= 1, default=50
        How often pieces of a path may be split.

    Returns
    -------
    IntegratedGradients
        A tuple of ``attributions`` and ``error``.

    Raises
    ------
    TypeError
        If a step before the network is not affine, or `tol` or `max_iter` no number.
    ValueError
        If `target`, `output`, `tol` or `max_iter` is not allowed, or `X` or `baseline`
        do not fit.

    Warns
    -----
    ConvergenceWarning
        If an error is above `tol` after `max_iter` rounds.

    See Also
    --------
    gradient_x_input : One gradient instead of an integral.

    Notes
    -----
    On a piece of the path the sum is known from its ends, f(end) - f(start). The error
    of the rule, Gauss-Legendre with five points, is taken as what its sum misses or as
    the largest difference that a rule with three of the points makes for a feature,
    whichever is more. Only pieces where it is too large are split: at the kinks of the
    first elementwise layer that has any there, and else in the middle. For a ReLU
    network the input of that layer is linear between the kinks of the layers before, so
    the kinks are found exactly, one layer in each round; between them the raw
    prediction is linear and the rule exact.

    Computed in float64.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic Attribution for Deep
       Networks", ICML 2017. https://arxiv.org/abs/1703.01365

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((9,), max_iter=9, tol=None, random_state=0)
    >>> model = model.fit(X, y)
    >>> shares, error = integrated_gradients(model, X, target=0)
    >>> change = model.predict_proba(X) - model.predict_proba([[0.0, 0.0, 0.0, 0.0]])
    >>> bool(abs(shares.sum(axis=1) - change[:, 0]).max() < 1e-4)
    True
    """
    Interval(0, np.inf, "neither").check(tol, "tol")
    Interval(1, np.inf, "left", integer=True).check(max_iter, "max_iter")
    route = Route(estimator, X, output)
    difference = numbers(X).astype(np.float64)
    if baseline is not None:
        names = feature_names(X) or getattr(estimator, "feature_names_in_", None)
        difference -= _checked_baseline(baseline, difference.shape, names)
    n_samples, classifier = route.inputs.shape[0], route.classifier
    columns = target_columns(classifier, target, n_samples)
    if columns is None:
        raw = route.model.raw(route.inputs)
        columns = most_probable(classifier, raw)
    attributions, error = np.empty_like(difference), np.empty(n_samples)
    network = classifier.network_
    # A piece of a path for each hidden unit.
    group = rows_of(8 * route.n_features * (1 + sum(network.widths)))
    for rows in slices(n_samples, group):
        inputs = route.inputs[rows]
        inputs = inputs.toarray() if issparse(inputs) else np.asarray(inputs)
        paths = _Paths(route, inputs, difference[rows], columns[rows])
        attributions[rows] = difference[rows] * paths.mean_gradients(tol, max_iter)
        error[rows] = np.abs(attributions[rows].sum(axis=1) - paths.change())
    if not error.max() <= tol:
        warnings.warn(
            f"The attributions of {np.sum(~(error <= tol))} rows miss the change of "
            f"the output by more than tol={tol}, at most by {error.max():.2g}. Raise "
            "max_iter or tol.",
            ConvergenceWarning,
            stacklevel=2,
        )
    dtype = classifier.weights_.dtype
    return IntegratedGradients(
        labeled(attributions.astype(dtype, copy=False), X), error
    )


def _checked_baseline(baseline, shape, names):
    given = feature_names(baseline)
    unnamed = given is None or given == list(range(len(given)))
    if not (unnamed or names is None or given == list(names)):
        raise ValueError(
            f"baseline must have the features of X in the same order, {list(names)}, "
            f"got {given}. Put it in that order, as baseline[X.columns] does."
        )
    baseline = np.asarray(baseline, np.float64)
    if baseline.shape not in (shape, (1, *shape[1:]), shape[1:]):
        raise ValueError(
            f"baseline must be one row of shape {shape[1:]} or one for each row of X, "
            f"{shape}, got {baseline.shape}."
        )
    return baseline


class _Paths:
    """Straight lines from baselines to rows, in what the network is given."""

    def __init__(self, route, inputs, difference, columns):
        self.classifier, self.output = route.classifier, route.output
        self.theta = self.classifier.weights_.astype(np.float64)
        self.steps = route.steps
        self.end = inputs.astype(np.float64)
        self.direction = difference
        for step in route.steps:
            self.direction = step.jvp(self.direction)
        self.columns = columns

    def _at(self, row, t):
        """Linearize at points of paths, some at a time."""
        network = self.classifier.network_
        block = row_blocks(network, 1, self.theta.itemsize)
        for part in slices(len(row), block):
            points = self.end[row[part]]
            points -= (1.0 - t[part])[:, np.newaxis] * self.direction[row[part]]
            yield part, network.linearize(self.theta, points)

    def _picked(self, row):
        columns = self.columns[row]
        return target_cotangent(self.classifier, columns, self.output)

    def values(self, row, t):
        """Return the output at points of paths."""
        values, link = np.empty(len(row)), self.classifier.model_.link
        for part, at in self._at(row, t):
            output = link.value(at.value, self.output)
            values[part] = np.vecdot(output, self._picked(row[part]))
        return values

    def gradients(self, row, t):
        """Return the gradient of the output for the network's input at points."""
        gradients = np.empty((len(row), self.end.shape[1]))
        link = self.classifier.model_.link
        for part, at in self._at(row, t):
            operators = at.operators + link.operators(at.value, self.output)
            *_, gradients[part] = cotangents(operators, self._picked(row[part]))
        return gradients

    def change(self):
        """Return by how much the output changes along each whole path."""
        row = np.arange(len(self.end))
        return self.values(row, np.ones(len(row))) - self.values(row, 0.0 * row)

    def integrals(self, row, start, end):
        """Integrate the gradient over pieces of paths, and measure the error."""
        total = np.zeros((len(row), self.end.shape[1]))
        coarse = np.zeros_like(total)
        length = end - start
        for node, fine_weight, coarse_weight in zip(NODES, RULE, COARSE, strict=True):
            gradients = self.gradients(row, start + node * length)
            total += fine_weight * gradients
            coarse += coarse_weight * gradients
        total *= length[:, np.newaxis]
        coarse *= length[:, np.newaxis]
        change = self.values(row, end) - self.values(row, start)
        direction = self.direction[row]
        missing = np.abs(np.vecdot(total, direction) - change)
        doubtful = np.abs(direction * (total - coarse)).max(axis=1)
        return total, np.maximum(missing, doubtful)

    def mean_gradients(self, tol, max_iter):
        """Return the mean gradient along each path for the user's X."""
        n_paths = len(self.end)
        mean = np.zeros(self.end.shape)
        spent = np.zeros(n_paths)
        row, start, end = np.arange(n_paths), np.zeros(n_paths), np.ones(n_paths)
        for left in range(max_iter, -1, -1):
            total, error = self.integrals(row, start, end)
            room = tol - spent
            open_error = np.bincount(row, error, n_paths)
            n_open = np.maximum(np.bincount(row, minlength=n_paths), 1)
            # Half of the room at most goes to pieces of a path that is not yet done.
            good = (open_error <= room)[row] | (error <= (0.5 * room / n_open)[row])
            if not left:
                good[:] = True
            np.add.at(mean, row[good], total[good])
            spent += np.bincount(row[good], error[good], n_paths)
            if good.all():
                break
            row, start, end = self.split(row[~good], start[~good], end[~good])
        for step in self.steps:
            mean = step.vjp(mean)
        return mean

    def split(self, row, start, end):
        """Split pieces at the kinks of one layer, or in the middle."""
        piece, share = self.kinks(row, start, end)
        without = np.ones(len(row), bool)
        without[piece] = False
        piece = np.append(piece, np.flatnonzero(without))
        share = np.append(share, np.full(np.sum(without), 0.5))
        cut = start[piece] + share * (end - start)[piece]
        # Every piece begins at its start and at its cuts, and ends where the next does.
        piece, first = np.append(np.arange(len(row)), piece), np.append(start, cut)
        order = np.lexsort((first, piece))
        piece, first = piece[order], first[order]
        last = np.append(first[1:], 0.0)
        is_last = np.append(piece[1:] != piece[:-1], True)
        last[is_last] = end
        return row[piece], first, last

    def kinks(self, row, start, end):
        """Return kinks of the first layer that has any in a piece.

        Returns
        -------
        piece : array of int of shape (n_kinks,)
        share : array of shape (n_kinks,)
            Where in the piece, between 0 and 1.
        """
        layers = [
            (index, kink)
            for index, layer in enumerate(self.classifier.network_.layers)
            if isinstance(layer, Elementwise)
            for kink in layer.kinks
        ]
        pieces, shares = [np.empty(0, int)], [np.empty(0)]
        if not layers:
            return pieces[0], shares[0]
        for (part, before), (_, after) in zip(
            self._at(row, start), self._at(row, end), strict=True
        ):
            found = np.full(before.value.shape[0], len(before.operators))
            for index, kink in layers:
                low, high = before.outputs[index], after.outputs[index]
                with np.errstate(divide="ignore", invalid="ignore"):
                    share = (kink - low) / (high - low)
                inside = (share > AT_END) & (share < 1.0 - AT_END)
                inside &= (found >= index)[:, np.newaxis]
                found[inside.any(axis=1)] = index
                pieces.append(np.nonzero(inside)[0] + part.start)
                shares.append(share[inside])
        return np.concatenate(pieces), np.concatenate(shares)
