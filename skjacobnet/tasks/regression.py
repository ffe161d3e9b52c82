"""Regression targets, and their scaling."""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from scipy.sparse import issparse

from skjacobnet.links import IDENTITY
from skjacobnet.losses import RegressionLoss
from skjacobnet.tasks.base import Task


@dataclass(frozen=True, eq=False)
class Regression(Task):
    r"""Regression task with one or several targets.

    The loss takes scaled targets,

    .. math:: t = (y - m) / s,

    with the weighted mean m and standard deviation s of each target over the rows of a
    fit, except for losses with an exponential link, which take y itself. If all targets
    of a column are equal, its prediction is that constant.

    Parameters
    ----------
    n_targets : int
    loss : RegressionLoss
        Loss, which determines the number and the meaning of raw predictions per target.
    is_column : bool, default=False
        Whether predictions have the shape (n_samples,).
    location, scale : array of shape (n_targets,), optional
        Location m and scale s; None before `fitted`. The scale of a constant is one.
    constant : array of bool of shape (n_targets,), optional
        Mask of the targets that are constant in all rows so far.
    goes_on : bool, default=False
        Whether rows come in several calls, so that a different constant of an earlier
        call counts as well.

    Examples
    --------
    >>> from skjacobnet.losses import SquaredError
    >>> task = Regression(1, SquaredError(), is_column=True)
    >>> codes = task.codes(np.array([10.0, 30.0]))
    >>> task = task.fitted(codes, None)
    >>> task.location, task.scale
    (array([20.]), array([10.]))
    >>> task.encode(codes, np.float64)
    array([[-1.],
           [ 1.]])
    """

    n_targets: int
    loss: RegressionLoss
    is_column: bool = False
    location: np.ndarray | None = None
    scale: np.ndarray | None = None
    constant: np.ndarray | None = None
    goes_on: bool = False
    starts_at_constant = True
    scorer = "r2"
    n_bins = 16

    @property
    def n_raw(self):
        """Number of raw predictions: one for each target, more for some losses."""
        return self.n_targets * self.loss.n_per_target

    @property
    def n_columns(self):
        """Number of columns of encoded targets."""
        return self.n_targets

    def __str__(self):
        return f"{_columns(self.n_targets)} for loss={self.loss!r}"

    def link(self, loss=None):
        return (loss or self.loss).link

    def codes(self, y, name="y"):
        y = _numbers(y, name)
        if y.shape[1] != self.n_targets:
            raise ValueError(
                f"{name} must have {_columns(self.n_targets)}, one for each target, "
                f"got an array of shape {y.shape}."
            )
        self.loss.check_targets(y, name)
        return y

    def fitted(self, codes, sample_weight):
        if self.location is not None and not self.constant.any():
            return self
        location, scale = location_and_scale(codes, sample_weight)
        constant = (codes == codes[:1]).all(axis=0)
        location[constant] = codes[0, constant]
        scale[constant] = 1.0
        if self.location is not None:
            earlier = self.location
            if self.goes_on:
                # Two different constants determine a location and a scale.
                differ = constant & (location != earlier)
                scale[differ] = 0.5 * np.abs(location - earlier)[differ]
                location[differ] = 0.5 * (location + earlier)[differ]
                constant &= ~differ
            unknown = self.constant
            location = np.where(unknown, location, earlier)
            scale = np.where(unknown, scale, self.scale)
            constant &= unknown
        return replace(self, location=location, scale=scale, constant=constant)

    def following(self, earlier):
        if not self.same_as(earlier):
            return self
        return replace(
            self,
            location=earlier.location,
            scale=earlier.scale,
            constant=earlier.constant,
        )

    def encode(self, codes, dtype, out=None, places=None):
        if out is None:
            out = np.empty((len(codes), self.n_targets), dtype)
        if not self.loss.scales_target:
            out[...] = codes
            return out
        # Subtracted in float64, so that a large location loses no digits.
        centered = np.subtract(codes, self.location)
        return np.divide(centered, self.scale, out, casting="same_kind")

    def rescaling(self):
        location, scale = self.location, self.scale
        if not self.loss.scales_target:
            location, scale = np.zeros_like(location), np.ones_like(scale)
        factor, shift = self.loss.link.rescaling(location, scale)
        constant = self._each(self.constant)
        certain = self.loss.link.certain(self.location)
        return {
            "factor": np.where(constant, 0.0, factor),
            "shift": np.where(constant, certain, shift),
        }

    @property
    def raw_is_mean(self):
        """Whether the raw prediction is the mean, in units of the scale."""
        return self.loss.link is IDENTITY and self.loss.scales_target

    def prediction_and_target(self, raw, y):
        """Return predictions and targets in units of the scale.

        Parameters
        ----------
        raw : array of shape (n_samples, n_raw)
        y : array of shape (n_samples, n_targets)
            Encoded targets.

        Returns
        -------
        predicted, y : array of shape (n_samples, n_targets), float64
        """
        predicted = self.loss.link.value(raw.astype(np.float64), "prediction")
        scale = 1.0 if self.loss.scales_target else self.scale
        return predicted / scale, y / scale

    def decide(self, raw):
        return self.shaped(self.loss.link.value(raw, "prediction"))

    def shaped(self, values):
        """Return values (n_samples, n_targets, ...) in the shape of the targets."""
        return values[:, 0] if self.is_column else values

    def same_as(self, other):
        return (
            type(other) is Regression
            and self.n_targets == other.n_targets
            and self.loss.link == other.loss.link
        )

    def constant_raw(self, codes, sample_weight, loss):
        raw = loss.best_constant(self.encode(codes, np.float64), sample_weight)
        if not loss.scales_target:
            return raw
        # The last layer ignores the network for a constant target. An ordinary number
        # there does not affect the other targets.
        return np.where(self._each(self.constant), 0.0, raw)

    def _each(self, by_target):
        """Repeat entries of targets for each of their raw predictions."""
        return np.repeat(by_target, self.loss.n_per_target)


def regression_task(y, loss, goes_on=False):
    """Return the regression task for the targets of a fit.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    loss : RegressionLoss
    goes_on : bool, default=False
        As in `Regression`.

    Returns
    -------
    Regression

    Raises
    ------
    ValueError
        If the targets are not numbers.

    Examples
    --------
    >>> from skjacobnet.losses import SquaredError
    >>> print(regression_task([1.0, 2.0], SquaredError()))
    1 column for loss=SquaredError()
    """
    n_targets = _numbers(y, "y").shape[1]
    return Regression(n_targets, loss, is_column=n_targets == 1, goes_on=goes_on)


def _columns(n_targets):
    return "1 column" if n_targets == 1 else f"{n_targets} columns"


def location_and_scale(y, sample_weight):
    """Return the weighted mean and standard deviation of each column, in float64.

    They neither overflow nor underflow if the numbers of the columns do not.

    Parameters
    ----------
    y : array of shape (n_samples, n_targets)
    sample_weight : array of shape (n_samples,) or None

    Returns
    -------
    location, scale : array of shape (n_targets,)

    Examples
    --------
    >>> y = np.array([[1e200], [3e200]])
    >>> location, scale = location_and_scale(y, np.array([1.0, 1.0]))
    >>> (location / 1e200).round(6), (scale / 1e200).round(6)
    (array([2.]), array([1.]))
    """
    largest = np.abs(y).max(axis=0).astype(np.float64)
    # A power of two, which changes no digit.
    unit = np.ldexp(1.0, np.frexp(largest)[1] - 1)
    y = y / unit
    location = np.average(y, axis=0, weights=sample_weight)
    y -= location
    scale = np.sqrt(np.average(np.square(y), axis=0, weights=sample_weight))
    return location * unit, scale * unit


def _numbers(y, name):
    """Return targets as finite numbers, (n_samples, n_targets)."""
    if issparse(y):
        raise ValueError(
            f"{name} must be dense, got a sparse matrix. Pass y.toarray()."
        )
    y = np.asarray(y)
    is_text = y.dtype == object and any(isinstance(value, str) for value in y.flat)
    if y.dtype.kind not in "biufO" or is_text:
        _refuse(y, name)
    if y.dtype not in (np.float32, np.float64):
        try:
            y = y.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            _refuse(y, name)
    if y.ndim not in (1, 2) or 0 in y.shape[1:]:
        raise ValueError(
            f"{name} must have the shape (n_samples,) or (n_samples, n_targets), got "
            f"{y.shape}."
        )
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y.reshape(len(y), -1)).all(axis=1)))
        raise ValueError(
            f"{name} must hold finite numbers, got {y[row]} in row {row}. Drop such "
            "rows."
        )
    return y.reshape(len(y), -1)


def _refuse(y, name):
    """Raise the error for targets that are not numbers; it shows the first."""
    strange = (value for value in y.ravel().tolist() if not isinstance(value, Real))
    raise ValueError(
        f"{name} must hold numbers, but it has {next(strange, y.dtype)!r}. To predict "
        "classes, use JacobianMLPClassifier."
    )
