"""How a classifier sets a training up, runs it, and describes the result."""

import warnings
from copy import copy

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import validate_data

from skjacobnet.core.blocks import row_blocks
from skjacobnet.data.table import Table
from skjacobnet.estimators import parameters
from skjacobnet.network import build_network
from skjacobnet.training import full_batch, minibatch
from skjacobnet.training.baseline import loss_of_shares
from skjacobnet.training.monitor import Validation
from skjacobnet.training.objective import Objective
from skjacobnet.training.record import LayerRecord
from skjacobnet.training.state import TrainingState
from skjacobnet.training.stopping import Stopping, validation_patience
from skjacobnet.training.watch import Watch

# L-BFGS adds up gradients of at least so many rows, so that passes over the weights
# take little beside the products.
MIN_BLOCK_ROWS = 1024

# A loss of so many times that of predicting the class shares is no result of chance.
FAR_WORSE = 5.0

# Rows for starts that depend on the data.
START_ROWS = 256


class FittingMixin:
    """The steps of which `fit` and `partial_fit` are made."""

    def _check_rows(self, X, y, reset):
        X, y = validate_data(
            self,
            X,
            y,
            reset=reset,
            accept_sparse="csr",
            dtype="numeric",
            multi_output=True,
        )
        is_column = y.ndim == 2 and y.shape[1] == 1
        return X, column_or_1d(y, warn=True) if is_column else y

    def _validation_table(self, X, y, sample_weight, factors):
        if X is None or y is None:
            raise ValueError("X_val and y_val must be given together.")
        try:
            X, y = self._check_rows(X, y, reset=False)
        except ValueError as error:
            raise ValueError(f"The validation set X_val, y_val: {error}") from error
        names = "y_val", "sample_weight_val"
        return Table.of(
            X, y, sample_weight, None, self._targets, factors=factors, names=names
        )

    def _build(self, parts, targets):
        """Set up the network for the classes and features of a table."""
        self._targets = targets
        self.classes_ = targets.classes
        self.network_ = build_network(
            parts.hidden, self.n_features_in_, targets.n_raw, parts.initializer
        )

    def _start(self, dtype):
        """Set up the state of a training, from the present weights if there are any.

        Returns
        -------
        numpy.random.Generator
            For `_draw_weights`, which is next where there are none.
        """
        rng = _generator(self.random_state)
        # A stream for each use, so that one choice does not change the others.
        weight_rng, split_rng, shuffle_rng, noise_rng = rng.spawn(4)
        if hasattr(self, "weights_"):
            theta, past = self.weights_.copy(), self.history_
        else:
            dtype = parameters.resolve_dtype(self.dtype, dtype)
            theta, past = np.empty(self.network_.n_weights, dtype), {}
        self.training_state_ = TrainingState(
            theta,
            split_rng,
            shuffle_rng,
            noise_rng,
            epoch=len(past.get("loss", [])),
            history={name: list(column) for name, column in past.items()},
        )
        return weight_rng

    def _draw_weights(self, rng, table):
        """Draw the first weights; some starts look at rows that are trained on."""
        network, theta = self.network_, self.training_state_.theta
        rows = table.some_inputs(START_ROWS, theta.dtype, network.accepts_sparse)
        # Numbers that are too large are met by an error of the loop.
        with np.errstate(all="ignore"):
            theta[...] = network.init_weights(rng, theta.dtype, rows)

    def _go_on(self, parts, targets, from_kept=False):
        """Set up the continuation of an earlier training, with today's parameters."""
        if not hasattr(self, "training_state_"):
            self._start(self.weights_.dtype)
        if not np.array_equal(targets.classes, self.classes_):
            raise ValueError(
                "Training goes on with the classes of the last fit, "
                f"{self.classes_.tolist()}, but y has {targets.classes.tolist()}."
            )
        shapes = self.network_.weight_shapes
        self._build(parts, targets)
        if self.network_.weight_shapes != shapes:
            raise ValueError(
                "Training goes on with the weights of the last fit, but the layers "
                f"have changed from {shapes} to {self.network_.weight_shapes}. "
                "Set warm_start=False and call fit to start anew."
            )
        state = self.training_state_ = self.training_state_.copy()
        dtype = state.theta.dtype
        if parameters.resolve_dtype(self.dtype, dtype) != dtype:
            raise ValueError(
                f"Training goes on in {dtype}, which dtype={self.dtype!r} does not "
                "allow. Set warm_start=False and call fit to start anew."
            )
        best = state.stopping.best_theta
        if from_kept or best is None or not np.array_equal(best, self.weights_):
            # From the weights that users see and may have edited. Only a validated
            # training that nobody touched goes on from its last weights instead.
            state.theta[...] = self.weights_
        if parts.full_batch:
            warnings.warn(
                "Training goes on from the weights of the last fit, but "
                f"{parts.optimizer!r} starts its memory of gradients anew.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _plan(self, parts, table, n_epochs):
        """Spread the schedule over the steps taken and those to come."""
        state = self.training_state_
        state.n_steps = state.step + n_epochs * self._steps_per_epoch(parts, table)

    def _steps_per_epoch(self, parts, table):
        if parts.full_batch:
            return 1
        return -(-table.n_rows // self._batch_size(parts, table))

    def _batch_size(self, parts, table):
        if parts.full_batch:
            if not all(part.mean_over_rows for part in parts.regularizers):
                return table.n_rows
            # Blocks that add up to all rows, and are about as large as each other.
            itemsize = self.training_state_.theta.itemsize
            rows = row_blocks(self.network_, 1, itemsize, fewest=MIN_BLOCK_ROWS)
            n_blocks = -(-table.n_rows // rows)
            return -(-table.n_rows // n_blocks)
        size = 200 if self.batch_size == "auto" else self.batch_size
        return min(size, table.n_rows)

    def _train(self, parts, table, held_back, n_epochs, observers, weight="relative"):
        """Train, and set the attributes that describe the result.

        Returns
        -------
        stopped : bool
            Whether it ended before `n_epochs` had passed.
        """
        state = self.training_state_
        dtype = state.theta.dtype
        objective = Objective(
            self.network_, parts.loss, self._targets.link, parts.regularizers
        )
        batches = table.batches(
            self._batch_size(parts, table), dtype, self.network_.accepts_sparse, weight
        )
        validate = monitor = None
        # L-BFGS has a criterion of its own; only a validation score adds to it.
        tol, patience = None if parts.full_batch else self.tol, self.n_iter_no_change
        if held_back is not None:
            validate = Validation(
                held_back, objective, self.monitor, self._at, state.theta
            )
            steps_per_epoch = self._steps_per_epoch(parts, table)
            tol, patience = self.tol, validation_patience(patience, steps_per_epoch)
            monitor = validate.key
        rule = Stopping(tol, patience, monitor)
        rule.take_over(state.stopping)
        state.stopping = rule
        watch = Watch(validate, observers)
        record = LayerRecord(self.network_) if self.record_gradients else None
        try:
            if parts.full_batch:
                stopped = full_batch.train(
                    state,
                    objective,
                    parts.optimizer,
                    batches,
                    watch,
                    n_epochs=n_epochs,
                    tol=self.tol or 0.0,
                    record=record,
                )
            else:
                state.prepare(parts.optimizer)
                stopped = minibatch.train(
                    state,
                    objective,
                    parts.optimizer,
                    batches,
                    watch,
                    learning_rate=parts.learning_rate,
                    schedule=parts.schedule,
                    n_epochs=n_epochs,
                    n_steps=state.n_steps,
                    shuffle=self.shuffle,
                    record=record,
                )
        except KeyboardInterrupt:
            stopped = True
            warnings.warn(
                f"Training was interrupted after {state.epoch} epochs; the "
                f"{'best' if validate else 'last'} weights so far are kept.",
                stacklevel=4,
            )
        self.__dict__.update(self._describe())
        return stopped

    def _warn_if_worse_than_shares(self, loss, table, held_back):
        """Warn where a training that has ended has learned less than nothing."""
        if held_back is None:
            rows, found = "training rows", self.history_["loss"][-1]
        elif self.monitor == "loss":
            rows = "validation rows"
            found = self.history_["validation_loss"][self.best_iter_ - 1]
        else:
            return
        reached = loss_of_shares(loss, table)
        # A loss of one's own may be negative, where multiples say nothing.
        if 0.0 < FAR_WORSE * reached < found:
            warnings.warn(
                f"The loss on the {rows} ended at {found:.3g}, where predicting the "
                f"shares of the classes would have had {reached:.3g}. Scale the "
                "features, for example with StandardScaler, X_val like X, or lower "
                "learning_rate.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _describe(self):
        """Return the fitted attributes as if training had stopped now."""
        state = self.training_state_
        attributes = {
            "_targets": self._targets,
            "classes_": self.classes_,
            "network_": self.network_,
            "training_state_": state,
            "weights_": state.stopping.kept(state.theta).copy(),
            "history_": state.history,
            "n_iter_": state.epoch,
            "best_iter_": state.stopping.best_epoch,
            "best_score_": state.stopping.best_score,
        }
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                attributes[name] = getattr(self, name)
        return attributes

    def _at(self, theta):
        """Return this classifier with other weights, for scorers during training."""
        model = copy(self)
        model.weights_ = theta
        # Scorers give it arrays without names, which is no reason for a warning.
        model.__dict__.pop("feature_names_in_", None)
        return model


def _generator(random_state):
    """Return a generator of one's own; the global one is neither read nor moved."""
    if random_state is None or random_state is np.random:
        return np.random.default_rng()
    seed = check_random_state(random_state).randint(2**31 - 1, size=4)
    return np.random.default_rng(seed)
