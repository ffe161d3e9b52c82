"""The contract of a task."""

from abc import ABC, abstractmethod

import numpy as np

from skjacobnet.core.blocks import rows_of, slices


class Task(ABC):
    """What is predicted: how targets are checked, encoded and decided.

    A task is a value, made from the targets of a fit. Estimators of different tasks
    share all else.

    Attributes
    ----------
    n_raw : int
        Number of raw predictions of a row.
    n_columns : int
        Number of columns of encoded targets.
    noun : str
        What messages call the targets; ``str(task)`` lists them.
    scorer : str
        A scorer of scikit-learn that suits it.
    n_bins : int
        The most bins of a column with automatic encodings.
    n_answers : int
        Answers to choose from: classes, or two.
    starts_at_constant : bool
        Whether first predictions are near the best constant one, which is the first
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
        """Return the link from raw predictions to what is predicted."""

    @property
    def outputs(self):
        """What a network can be asked for, and differentiated, the usual one first."""
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
            What messages call it.

        Raises
        ------
        ValueError
            If a target is unknown, or the shape does not fit.
        """

    def fitted(self, codes, sample_weight):
        """Return the task with what it learns from the targets of a fit.

        Parameters
        ----------
        codes : array
            Those of the rows that count.
        sample_weight : array of shape (n_samples,) or None
        """
        return self

    def following(self, earlier):
        """Return the task for a run that goes on with the weights of an earlier one."""
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
            Some of those from `codes`.
        dtype : data-type
        out : array of shape (n_samples, n_columns), optional
            Where to write them.
        places : array of np.intp of shape (n_samples,), optional
            Room for intermediate numbers.
        """

    @abstractmethod
    def decide(self, raw):
        """Return what is predicted for raw predictions (n_samples, n_raw)."""

    @abstractmethod
    def same_as(self, other):
        """Whether weights trained for this task fit another one."""

    def strata(self, codes):
        """Return the group of each row, for a stratified split, or None."""
        return None

    def absent(self, codes):
        """Return the classes that no row has."""
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
