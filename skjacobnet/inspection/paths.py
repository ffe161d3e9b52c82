"""Integrals of the gradient along straight lines, refined adaptively."""

from typing import NamedTuple

import numpy as np

from skjacobnet.accumulation import cotangents
from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.inspection.chosen_output import target_cotangent
from skjacobnet.network import NetworkWorkspace

# The points of Lobatto's rule, at the ends of a piece and between, as shares of it. The
# outer ones lie just inside, on the piece's side of a kink at its end: rounding moves
# kinks less, and curvature that moves them more costs one more round.
EDGE = 1e-8
NODES = 0.5 + 0.5 * np.array([-1.0, -np.sqrt(3 / 7), 0.0, np.sqrt(3 / 7), 1.0])
NODES = NODES.clip(EDGE, 1.0 - EDGE)
# The rule itself, exact for polynomials of degree 7 except for the shift, and its
# difference from Simpson's rule on three of the points. A jump of the gradient,
# wherever it is in a piece, makes that difference more than a tenth of the jump times
# the length.
LOBATTO = np.linalg.solve(np.vander(NODES, increasing=True).T, 1.0 / np.arange(1, 6))
SIMPSON = np.array([1.0, 0.0, 4.0, 0.0, 1.0]) / 6.0
RULES = np.stack([LOBATTO, LOBATTO - SIMPSON])
# Standard deviations of the error that must be within tol. On ReLU networks of 300-100,
# 500 and 2,048 units the worst feature of 15 iris rows was off by 0.7 to 3.2 times
# tol=1e-4 with one, and by 0.3 to 0.9 times with two.
SIGMAS = 2.0
# A path with more open pieces is not refined further. 4,096 ReLU units took up to 780
# at tol=1e-5; where tol is below the rounding errors of the output, they would keep
# doubling.
MOST_PIECES = 2**14


class Pieces(NamedTuple):
    """Pieces of paths, where zero is the start of a path and one its end."""

    path: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def taken(self, which):
        """Return the selected pieces."""
        return Pieces(*(values[which] for values in self))

    def split(self, cut):
        """Return twice as many pieces, each cut once."""
        return Pieces(
            np.repeat(self.path, 2),
            np.stack([self.start, cut], axis=1).ravel(),
            np.stack([cut, self.end], axis=1).ravel(),
        )


class Sums:
    """Sums over pieces, path by path.

    Attributes
    ----------
    shares : array of shape (n_paths, n_features)
        Attributions.
    missing : array of shape (n_paths,)
        Difference of the change of the output and the sum of attributions.
    squares : array of shape (n_paths,)
        Sums of the squared errors of pieces.
    """

    def __init__(self, n_paths, n_features):
        self.shares = np.zeros((n_paths, n_features))
        self.missing, self.squares = np.zeros(n_paths), np.zeros(n_paths)

    def add(self, path, shares, missing, squares):
        """Add pieces of these paths."""
        np.add.at(self.shares, path, shares)
        np.add.at(self.missing, path, missing)
        np.add.at(self.squares, path, squares)

    def move(self, which, other):
        """Move the sums of some paths from another object to this one."""
        for own, theirs in zip(vars(self).values(), vars(other).values(), strict=True):
            own[which] += theirs[which]
            theirs[which] = 0.0


class Paths:
    """Straight lines from baselines to rows, in the space of the coordinates.

    Parameters
    ----------
    space : OwnColumns or EncodedColumns
        Coordinates of the attributions.
    inputs : array of shape (n_paths, n_inputs)
        Ends of the paths.
    difference : array of shape (n_paths, n_features)
        Differences of the rows from the baselines, before the steps.
    columns : array of int of shape (n_paths,)
        Chosen output of each.
    """

    def __init__(self, space, inputs, difference, columns):
        self.network, self.steps = space.model.network, space.steps
        self.theta = space.model.weights.astype(np.float64, copy=False)
        self.link, self.output = space.model.link, space.output
        self.picked = target_cotangent(space.model, columns, space.output)
        self.end = inputs.astype(np.float64, copy=False)
        self.difference = self.direction = difference
        for step in space.steps:
            self.direction = step.jvp(self.direction)
        n_points = row_blocks(self.network, space.vectors_per_row, self.theta.itemsize)
        self.pieces_per_block = max(1, n_points // len(NODES))
        self.workspace = NetworkWorkspace(self.network)

    def attributions(self, tol, max_iter):
        r"""Attribute the change of the output along each path to the features.

        Parameters
        ----------
        tol : float, or array of shape (n_paths,)
        max_iter : int
            Maximum number of splits in a row.

        Returns
        -------
        shares : array of shape (n_paths, n_features)
        missing : array of shape (n_paths,)
            Difference of the change of the output and the sum of attributions.
        converged : array of bool of shape (n_paths,)

        Notes
        -----
        The error :math:`e_p` of a piece is the larger of two: the largest difference of
        the two rules for a feature, and the difference of the sum from the change.
        Errors of pieces have either sign, so a path is done where, with two standard
        deviations,

        .. math:: 2 \Bigl(\sum_p e_p^2\Bigr)^{1/2} \le \tau
                  \quad\text{and}\quad
                  \Bigl|f(x) - f(b) - \sum_i A_i\Bigr| \le \tau.

        A piece is small if :math:`e_p^2` is at most an even share, among the open
        pieces of its path, of half of what is left of :math:`\tau^2 / 4`. Small pieces
        are never split again, unless together they would use up more than half of the
        rest of the second bound.
        """
        n_paths, n_features = self.difference.shape
        pieces = Pieces(np.arange(n_paths), np.zeros(n_paths), np.ones(n_paths))
        closed, change, most = Sums(n_paths, n_features), None, (tol / SIGMAS) ** 2
        for left in range(max_iter, -1, -1):
            n_open = np.bincount(pieces.path, minlength=n_paths)
            room = 0.5 * (most - closed.squares) / np.maximum(n_open, 1)
            small, cuts, changes, sums = self.evaluated(pieces, room)
            change = changes if change is None else change
            allowed = 0.5 * (tol + np.abs(closed.missing))
            closable = np.abs(closed.missing + sums[True].missing) <= allowed
            closed.move(closable, sums[True])
            shares = closed.shares + sums[True].shares + sums[False].shares
            squares = closed.squares + sums[True].squares + sums[False].squares
            missing = change - shares.sum(axis=1)
            converged = (np.abs(missing) <= tol) & (squares <= most)
            done = converged | (n_open > MOST_PIECES) | (left == 0)
            for others in sums.values():
                closed.move(done, others)
            again = ~done[pieces.path] & ~(small & closable[pieces.path])
            if not again.any():
                break
            pieces = pieces.taken(again).split(cuts[again])
        return closed.shares, np.abs(missing), converged

    def evaluated(self, pieces, room):
        """Integrate over pieces, in blocks, and add them up.

        Parameters
        ----------
        pieces : Pieces
        room : array of shape (n_paths,)
            Largest squared error of a small piece.

        Returns
        -------
        small : array of bool of shape (n_pieces,)
        cuts, changes : array of shape (n_pieces,)
            As from `integrals`.
        sums : dict of bool to Sums
            Sums of the small pieces and of the others.
        """
        n_pieces, shape = len(pieces.path), self.difference.shape
        small, sums = (
            np.empty(n_pieces, bool),
            {True: Sums(*shape), False: Sums(*shape)},
        )
        cuts, changes = np.empty(n_pieces), np.empty(n_pieces)
        for part in slices(n_pieces, self.pieces_per_block):
            some = pieces.taken(part)
            changes[part], shares, doubt, cuts[part] = self.integrals(some)
            missing = changes[part] - shares.sum(axis=1)
            squares = np.maximum(doubt, np.abs(missing)) ** 2
            # More pieces do not help after an overflow.
            small[part] = (squares <= room[some.path]) | ~np.isfinite(squares)
            for is_small, total in sums.items():
                which = small[part] == is_small
                total.add(
                    some.path[which], shares[which], missing[which], squares[which]
                )
        return small, cuts, changes, sums

    def integrals(self, pieces):
        """Integrate over pieces of paths.

        Parameters
        ----------
        pieces : Pieces

        Returns
        -------
        change : array of shape (n_pieces,)
            Change of the output along each piece.
        shares : array of shape (n_pieces, n_features)
            Attributions of the features along each piece.
        doubt : array of shape (n_pieces,)
            Largest difference from Simpson's rule for a feature.
        cut : array of shape (n_pieces,)
            Where to split each piece.
        """
        path, start, end = pieces
        length = (end - start)[:, np.newaxis]
        t = start[:, np.newaxis] + length * NODES
        values, gradients = self.gradients(np.repeat(path, len(NODES)), t.ravel())
        values, gradients = values.reshape(t.shape), gradients.reshape(*t.shape, -1)
        direction = self.direction[path][:, np.newaxis]
        slopes = np.vecdot(gradients, direction)
        change = values[:, -1] - values[:, 0]
        change += EDGE * length[:, 0] * (slopes[:, 0] + slopes[:, -1])
        steps = np.linalg.norm(np.diff(gradients, axis=1) * direction, axis=2)
        cut = start + length[:, 0] * cut_shares(
            (only_kinks(t, values, slopes, steps) - start) / length[:, 0]
        )
        both = RULES @ gradients
        for step in self.steps:
            both = step.vjp(both)
        both *= (length * self.difference[path])[:, np.newaxis]
        return change, both[:, 0], np.abs(both[:, 1]).max(axis=1), cut

    def gradients(self, path, t):
        """Return the output and its gradient with respect to the inputs at points."""
        points = self.end[path] - (1.0 - t)[:, np.newaxis] * self.direction[path]
        at = self.network.linearize(self.theta, points, None, self.workspace)
        picked = self.picked[path]
        values = np.vecdot(self.link.value(at.value, self.output), picked)
        operators = at.operators + self.link.operators(at.value, self.output)
        *_, gradients = cotangents(operators, picked)
        return values, gradients


def only_kinks(t, values, slopes, steps):
    r"""Return the position of the only jump of the slope of a function.

    The jump is between the two neighbors :math:`t_k` and :math:`t_{k+1}` with the
    largest step of the gradient, where their tangents meet:

    .. math:: t = t_k + \frac{f_{k+1} - f_k - f'_{k+1} (t_{k+1} - t_k)}
              {f'_k - f'_{k+1}}

    Parameters
    ----------
    t : array of shape (n_pieces, n_points)
    values, slopes : array of shape (n_pieces, n_points)
        Function values and derivatives with respect to t.
    steps : array of shape (n_pieces, n_points - 1)
        Size of the change of the gradient from point to point.

    Returns
    -------
    array of shape (n_pieces,)
        Exact for a function that is linear on both sides. NaN where the largest step is
        less than half of all, or where the tangents do not meet between its points.

    Examples
    --------
    >>> t = np.array([[0.0, 0.5, 1.0]])
    >>> values, slopes = np.maximum(0.0, t - 0.7), np.array([[0.0, 0.0, 1.0]])
    >>> only_kinks(t, values, slopes, np.diff(slopes))
    array([0.7])
    """
    every, gap = np.arange(len(t)), steps.argmax(axis=1)
    (t0, f0, s0), (t1, f1, s1) = (
        (t[every, place], values[every, place], slopes[every, place])
        for place in (gap, gap + 1)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        kink = t0 + (f1 - f0 - s1 * (t1 - t0)) / (s0 - s1)
    only = 2.0 * steps[every, gap] > steps.sum(axis=1)
    return np.where(only & (t0 < kink) & (kink < t1), kink, np.nan)


def cut_shares(kinks):
    """Return the positions at which to split pieces with one kink, or none.

    Parameters
    ----------
    kinks : array of shape (n_pieces,)
        Approximate positions, as shares of the pieces; NaN where there is none.

    Returns
    -------
    array of shape (n_pieces,)
        Position of the kink. A kink near an end was not located well enough when that
        end was made; it gets a short separate piece with the kink in its middle.
        Without a kink it is the middle.

    Examples
    --------
    >>> cut_shares(np.array([0.4, 0.01, 0.98, np.nan]))
    array([0.4 , 0.02, 0.96, 0.5 ])
    """
    shares = np.where(np.isnan(kinks), 0.5, kinks)
    shares = np.where(shares < 0.25, 2.0 * shares, shares)
    return np.where(shares > 0.75, 2.0 * shares - 1.0, shares)
