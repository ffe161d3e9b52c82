"""How the loss fell, how the learning rate went, and which epoch was kept."""

import numpy as np

from skjacobnet.inspection.displays.drawing import COLORS, figure_and_axes
from skjacobnet.inspection.pipelines import steps_and_classifier


class LossCurveDisplay:
    """Loss, validation and learning rate over the epochs of a training.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        The objective on the training rows: loss and penalties.
    validation_loss : array-like of shape (n_epochs,), optional
        The loss on the validation rows, NaN where there was none.
    validation_score : array-like of shape (n_epochs,), optional
        The score on the validation rows, drawn on an axis of its own.
    learning_rate : array-like of shape (n_epochs,), optional
        Drawn on an axis of its own.
    best_epoch : int, optional
        The epoch whose weights were kept, counted from 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the losses.
    score_ax_, learning_rate_ax_ : matplotlib Axes or None
        At the right of `ax_`; None where there is nothing to draw.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((5,), max_iter=4, tol=None, random_state=0)
    >>> display = LossCurveDisplay.from_estimator(model.fit(X, y))
    >>> display.ax_.get_xlabel()
    'epoch'
    """

    def __init__(
        self,
        loss,
        *,
        validation_loss=None,
        validation_score=None,
        learning_rate=None,
        best_epoch=None,
    ):
        self.loss = loss
        self.validation_loss = validation_loss
        self.validation_score = validation_score
        self.learning_rate = learning_rate
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the training of a fitted classifier.

        Parameters
        ----------
        estimator : JacobianMLPClassifier or Pipeline
            Fitted.
        ax : matplotlib Axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        TypeError
            If `estimator` is neither.
        NotFittedError
            If it is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        _, classifier = steps_and_classifier(estimator)
        history = classifier.history_
        validated = "validation_loss" in history or "validation_score" in history
        return cls(
            classifier.loss_curve_,
            validation_loss=history.get("validation_loss"),
            validation_score=history.get("validation_score"),
            learning_rate=history.get("learning_rate"),
            best_epoch=classifier.best_iter_ if validated else None,
        ).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        LossCurveDisplay
            This one.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        epochs = np.arange(1, len(self.loss) + 1)
        # A line of one point is invisible.
        style = {"marker": "o" if len(epochs) == 1 else ""}
        training, validation, score, rate = COLORS[:4]
        self.ax_.plot(epochs, self.loss, color=training, label="training loss", **style)
        if self.validation_loss is not None:
            self.ax_.plot(
                epochs,
                self.validation_loss,
                color=validation,
                label="validation loss",
                **style,
            )
        if self.best_epoch is not None:
            self.ax_.axvline(
                self.best_epoch, color="0.5", linestyle=":", label="best epoch"
            )
        self.ax_.set(xlabel="epoch", ylabel="loss")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.score_ax_ = self.learning_rate_ax_ = None
        if self.validation_score is not None:
            self.score_ax_ = self._right(
                epochs, self.validation_score, "validation score", score, 0, style
            )
        # L-BFGS has none, which the history says by NaN.
        if self.learning_rate is not None and np.isfinite(self.learning_rate).any():
            outwards = 0 if self.score_ax_ is None else 48
            self.learning_rate_ax_ = self._right(
                epochs, self.learning_rate, "learning rate", rate, outwards, style
            )
            # Otherwise a constant rate would be seen on the scale of its rounding.
            self.learning_rate_ax_.set_ylim(bottom=0.0)
        self._legend()
        return self

    def _right(self, epochs, values, label, color, outwards, style):
        """Draw values on a scale of their own, some points to the right of the axes."""
        ax = self.ax_.twinx()
        ax.spines["right"].set_position(("outward", outwards))
        ax.plot(epochs, values, color=color, linestyle="--", label=label, **style)
        ax.set_ylabel(label, color=color)
        ax.tick_params(axis="y", labelcolor=color)
        return ax

    def _legend(self):
        """Name all lines in one place, above the axes where nothing is covered."""
        every = [self.ax_, self.score_ax_, self.learning_rate_ax_]
        lines = [line for ax in every if ax is not None for line in ax.get_lines()]
        self.ax_.legend(
            handles=lines,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=2,
            frameon=False,
        )
