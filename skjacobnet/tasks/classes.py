"""What is to be predicted: classes or labels, and how they are encoded."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skjacobnet.core.workspace import count_up
from skjacobnet.links import LOGISTIC, SOFTMAX, Link


@dataclass(frozen=True)
class Targets:
    """The classes of a problem.

    Parameters
    ----------
    classes : array of shape (n_classes,)
        Sorted. For a multilabel problem the numbers of the labels.
    multilabel : bool
        Whether a row may have any number of labels.

    Examples
    --------
    >>> targets = Targets.of(np.array(["no", "yes", "no"]))
    >>> targets.codes(np.array(["yes", "no"]))
    array([1, 0], dtype=uint8)
    >>> targets.encode(np.array([1, 0]), np.float64)
    array([[1.],
           [0.]])
    """

    classes: np.ndarray
    multilabel: bool = False

    @classmethod
    def of(cls, y):
        """Read the classes off the targets of a fit.

        Raises
        ------
        ValueError
            If there are fewer than two classes, or the targets are not classes.
        """
        if _is_multilabel(y):
            return cls(np.arange(y.shape[1]), multilabel=True)
        return cls(_at_least_two(np.unique(y), "y"))

    @classmethod
    def declared(cls, classes, y):
        """Take the classes that a user names beforehand, for a first `partial_fit`.

        Raises
        ------
        ValueError
            As in `of`, or if `y` has other columns than the labels that are named.
        """
        classes = np.unique(classes)
        if not _is_multilabel(y):
            return cls(_at_least_two(classes, "classes"))
        if not np.array_equal(classes, np.arange(y.shape[1])):
            raise ValueError(
                f"classes must be the numbers 0 to {y.shape[1] - 1} of the columns of "
                f"y, got {classes.tolist()}."
            )
        return cls(classes, multilabel=True)

    @property
    def n_raw(self):
        """Number of raw predictions."""
        binary = not self.multilabel and len(self.classes) == 2
        return 1 if binary else len(self.classes)

    @property
    def link(self) -> Link:
        """How raw predictions become probabilities."""
        return SOFTMAX if self.n_raw > 1 and not self.multilabel else LOGISTIC

    def codes(self, y, name="y"):
        """Return the targets as indices of classes, or as zeros and ones of labels.

        Raises
        ------
        ValueError
            If a class is unknown, or the number of labels differs.
        """
        if self.multilabel:
            y = y.toarray() if issparse(y) else np.asarray(y)
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"{name} must have {len(self.classes)} columns, one for each "
                    f"label, got an array of shape {y.shape}."
                )
            if not ((y == 0) | (y == 1)).all():
                raise ValueError(
                    f"{name} must hold zeros and ones, one column for each label, got "
                    f"the values {np.unique(y).tolist()}."
                )
            return y.astype(np.int8)
        y = np.asarray(y)
        if y.ndim != 1:
            raise ValueError(
                f"{name} must have one class in each row, got an array of shape "
                f"{y.shape}."
            )
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"{name} has classes that were not seen before: {unknown.tolist()}. "
                f"Known: {self.classes.tolist()}."
            )
        codes = np.searchsorted(self.classes, y)
        # Kept throughout a fit: one byte for each row is enough for most problems.
        return codes.astype(np.min_scalar_type(len(self.classes) - 1))

    def encode(self, codes, dtype, out=None, places=None):
        """Return targets for a loss, (n_samples, n_raw): one-hot, or zeros and ones.

        Parameters
        ----------
        codes : array of shape (n_samples,) or (n_samples, n_labels)
        dtype : data-type
        out : array of shape (n_samples, n_raw), optional
            Where to write them.
        places : array of np.intp of shape (n_samples,), optional
            Room for the place of each one in `out`.
        """
        if out is None:
            out = np.empty((len(codes), self.n_raw), dtype)
        if self.multilabel:
            out[...] = codes
        elif self.n_raw == 1:
            out[:, 0] = codes
        else:
            out.fill(0.0)
            # Twice as fast as an index for rows and one for columns.
            places = np.empty(len(codes), np.intp) if places is None else places
            count_up(places, self.n_raw)
            places += codes
            out.reshape(-1)[places] = 1.0
        return out

    def decide(self, raw):
        """Return the most probable class of each raw prediction, or the labels."""
        if self.multilabel:
            return (raw > 0.0).astype(int)
        if self.n_raw == 1:
            return self.classes[(raw[:, 0] > 0.0).astype(int)]
        return self.classes[np.argmax(raw, axis=1)]


def _is_multilabel(y):
    """Whether targets are labels; targets of other kinds are refused."""
    kind = type_of_target(y)
    if kind not in ("binary", "multiclass", "multilabel-indicator"):
        check_classification_targets(y)  # says what is wrong
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y has several columns of classes, which is not supported. Fit one "
            "classifier for each column, for example with MultiOutputClassifier."
        )
    return kind == "multilabel-indicator"


def _at_least_two(classes, name):
    if len(classes) < 2:
        raise ValueError(
            f"Classifier can't be trained on one class only: {name} holds "
            f"{classes.tolist()} and nothing else. Give at least two classes."
        )
    return classes
