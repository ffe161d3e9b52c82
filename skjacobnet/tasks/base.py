"""Base class of tasks."""

from abc import ABC, abstractmethod

import numpy as np

from skjacobnet.core.blocks import rows_of, slices


class Task(ABC):
    """Base class of tasks: checks and encoding of targets, and decision rules.

    A task is immutable and created from the targets of a fit. Estimators of different
    tasks share all other code.

    Attributes
    ----------
    n_raw : int
        Number of raw predictions of a row.
    n_columns : int
        Number of columns of encoded targets.
    noun : str
        Name of the targets in messages; ``str(task)`` lists them.
    scorer : str
        A suitable scorer of scikit-learn.
    n_bins : int
        Maximum number of bins of a column with automatic encodings.
    n_answers : int
        Number of classes; two for labels and regression.
    starts_at_constant : bool
        Whether initial predictions are close to the best constant one, the initial
        intercept of the output layer.
    """

    noun = "targets"
    scorer = "accuracy"
    n_bins = 8
    n_answers = 2
    starts_at_constant = False

    @property
    @abstractmethod
    def n_raw(self):
        """Number of raw predictions of a row."""

    @property
    def n_columns(self):
        """Number of columns of encoded targets."""
        return self.n_raw

    @abstractmethod
    def link(self, loss=None):
        """Return the link from raw predictions to predictions."""

    @property
    def outputs(self):
        """Names of the differentiable outputs, the prediction first."""
        return self.link().outputs

    def n_outputs(self, output):
        """Return the number of columns of an output."""
        return self.link().n_outputs(output, self.n_raw)

    @abstractmethod
    def codes(self, y, name="y"):
        """Check targets and return them in a compact form, kept throughout a fit.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
        name : str
            Name of the targets in messages.

        Raises
        ------
        ValueError
            If a target is unknown, or the shape is invalid.
        """

    def fitted(self, codes, sample_weight):
        """Return the task fitted to the targets of a fit.

        Parameters
        ----------
        codes : array
            Codes of the rows of positive weight.
        sample_weight : array of shape (n_samples,) or None
        """
        return self

    def following(self, earlier):
        """Return the task for a run that continues an earlier one."""
        return self

    def rescaling(self):
        """Return the statistics of a last layer `Rescale`, or None without one."""
        return None

    @abstractmethod
    def encode(self, codes, dtype, out=None, places=None):
        """Return targets for a loss, (n_samples, n_columns).

        Parameters
        ----------
        codes : array
            Codes, some of those from the method `codes`.
        dtype : data-type
        out : array of shape (n_samples, n_columns), optional
            Output array.
        places : array of np.intp of shape (n_samples,), optional
            Buffer for intermediate results.
        """

    @abstractmethod
    def decide(self, raw):
        """Return the predictions for raw predictions (n_samples, n_raw)."""

    @abstractmethod
    def same_as(self, other):
        """Whether weights trained for this task are valid for another one."""

    def strata(self, codes):
        """Return the group of each row, for a stratified split, or None."""
        return None

    def absent(self, codes):
        """Return the classes without a row."""
        return []

    @abstractmethod
    def constant_raw(self, codes, sample_weight, loss):
        """Return the best constant raw prediction, (n_raw,).

        Parameters
        ----------
        codes : array of shape (n_samples,) or (n_samples, n_labels)
        sample_weight : array of shape (n_samples,) or None
        loss : Loss
        """

    def loss_of_constant(self, raw, codes, sample_weight, loss):
        r"""Return the weighted mean loss of one raw prediction for all rows.

        .. math:: L_0 = \frac{\sum_s w_s \ell(y_s, z_0)}{\sum_s w_s}

        Parameters
        ----------
        raw : array of shape (n_raw,)
        codes, sample_weight, loss
            As in `constant_raw`.

        Returns
        -------
        float
        """
        weight = np.ones(len(codes)) if sample_weight is None else sample_weight
        link, total = self.link(loss), 0.0
        for rows in slices(len(codes), rows_of(8 * 8 * self.n_raw)):
            y = self.encode(codes[rows], float)
            raws = np.broadcast_to(raw, (len(y), self.n_raw))
            values = loss.sample_values(y, raws, link)
            total += float(values @ weight[rows])
        return total / float(weight.sum())
