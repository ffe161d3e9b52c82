"""Mini-batches of runs side by side."""

import numpy as np

from skjacobnet.core.blocks import rows_of


class MemberBatches:
    """Mini-batches of several runs.

    Runs with the same rows of one table in the same order share each batch. Others have
    batches stacked on a leading axis.

    Parameters
    ----------
    batches : list of Batches
        One for each run, `side_by_side` with each other.
    rngs : list of numpy.random.Generator, or None
        Generators that shuffle the rows of each run; None keeps their order.
    """

    def __init__(self, batches, rngs):
        self.first = batches[0]
        self.batches = batches
        self.rngs = rngs
        self.one_table = all(one_table(one, self.first) for one in batches)
        one_order = len(self.first) == 1 or _all_equal_streams(rngs)
        self.shares_rows = (
            self.one_table
            and one_order
            and all(_equal(one.rows, self.first.rows) for one in batches)
        )
        self.weights = _own_weights(batches) if self.one_table else None

    def __len__(self):
        return len(self.first)

    @property
    def n_rows(self):
        """The number of rows of each run."""
        return self.first.n_rows

    def epoch(self):
        """Yield each row of each run once, in batches.

        Yields
        ------
        X : array of shape (n_rows, n_features) or (n_members, n_rows, n_features)
        y : array of shape (n_rows, n_columns) or (n_members, n_rows, n_columns)
        sample_weight : array of shape (n_rows,) or (n_members, n_rows), or None
            All three are overwritten during the epoch.
        """
        return self._shared() if self.shares_rows else self._own()

    def _shared(self):
        rng = None if self.rngs is None else self.rngs[0]
        for rows, n_rows in self.first.blocks(rng):
            X, y, weight = self.first.gather(rows, n_rows)
            if self.weights is not None:
                weight = self.weights[:, rows]
                # In the memory order of a single run, since sums of strided rows round
                # differently.
                weight = np.ascontiguousarray(weight)
            yield from self._cut(X, y, weight)
        for other in [] if rng is None else self.rngs[1:]:
            # All have drawn the same order.
            other.bit_generator.state = rng.bit_generator.state

    def _own(self):
        first, orders = self.first, []
        for place, own in enumerate(self.batches):
            rng = None
            if self.rngs is not None and len(first) > 1:
                rng = self.rngs[place]
            order = own.order(rng)
            orders.append(np.arange(first.n_rows) if order is None else order)
        block = rows_of(8 * first.row_bytes * len(orders) * first.batch_size)
        block *= first.batch_size
        for start in range(0, first.n_rows, block):
            rows = np.stack([order[start : start + block] for order in orders])
            gather = self._of_one_table if self.one_table else self._of_each_table
            yield from self._cut(*gather(rows))

    def _of_one_table(self, rows):
        """Return rows of one table for all members, (n_members, n_rows, ...)."""
        X, y, weight = (
            array if array is None else array.reshape(*rows.shape, *array.shape[1:])
            for array in self.first.gather(rows.ravel(), rows.size)
        )
        if self.weights is not None:
            weight = np.take_along_axis(self.weights, rows, axis=1)
        return X, y, weight

    def _of_each_table(self, rows):
        """Return the same for members with separate tables."""
        pairs = zip(self.batches, rows, strict=True)
        found = [own.gather(own_rows, len(own_rows)) for own, own_rows in pairs]
        X, y, weight = zip(*found, strict=True)
        return np.stack(X), np.stack(y), None if weight[0] is None else np.stack(weight)

    def _cut(self, X, y, weight):
        """Yield the batches of a block."""
        size = self.first.batch_size
        for start in range(0, y.shape[-2], size):
            stop = start + size
            yield (
                X[..., start:stop, :],
                y[..., start:stop, :],
                None if weight is None else weight[..., start:stop],
            )


def side_by_side(one, other):
    """Whether the batches of two runs can be stacked.

    They must have the same size and dtype, and both or neither must have weights.
    """
    return (
        one.n_rows == other.n_rows
        and one.n_features == other.n_features
        and one.batch_size == other.batch_size
        and one.dtype == other.dtype
        and (one.sample_weight is None) == (other.sample_weight is None)
    )


def one_table(one, other):
    """Whether the batches of two runs come from the same table."""
    return (
        one.X is other.X
        and one.encoder is other.encoder
        and _equal(one.codes, other.codes)
    )


def _all_equal_streams(rngs):
    if rngs is None:
        return True
    state = rngs[0].bit_generator.state
    return all(rng.bit_generator.state == state for rng in rngs[1:])


def _equal(array, other):
    """Whether two arrays, or None, are equal."""
    if array is None or other is None:
        return array is other
    return array is other or np.array_equal(array, other)


def _own_weights(batches):
    """Return the weights of all rows for each run, None if they are the same."""
    first = batches[0]
    if first.sample_weight is None or all(
        one.weight_unit == first.weight_unit
        and _equal(one.sample_weight, first.sample_weight)
        for one in batches
    ):
        return None
    weights = np.empty((len(batches), len(first.sample_weight)), first.dtype)
    for row, one in zip(weights, batches, strict=True):
        np.divide(one.sample_weight, one.weight_unit, row, casting="same_kind")
    return weights
