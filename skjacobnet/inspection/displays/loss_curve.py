"""Loss curves: losses, learning rate and the epoch whose weights were kept."""

import numpy as np

from skjacobnet.inspection.displays.drawing import (
    COLORS,
    draw_line,
    figure_and_axes,
    legend_above,
    whole_numbers,
)
from skjacobnet.inspection.displays.replacing import replacing
from skjacobnet.inspection.pipelines import steps_and_network

# In points: the label of an axis with its margins, and a letter of its numbers.
LABEL, LETTER = 28, 6.5
NUMBER = "{x:.4g}"


class LossCurveDisplay:
    """Losses, validation score and learning rate over the epochs of a run.

    Make one with `from_estimator`; the constructor takes the numbers themselves.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        Objective on the training rows: loss and penalties.
    validation_loss : array-like of shape (n_epochs,), optional
        Loss on the validation rows, NaN where there was none.
    validation_score : array-like of shape (n_epochs,), optional
        Score on the validation rows, drawn on a separate axis.
    learning_rate : array-like of shape (n_epochs,), optional
        Learning rate, drawn on a separate axis unless it is constant.
    best_epoch : int, optional
        Epoch whose weights were kept, counted from 1.
    label : str, default="loss"
        Label of the losses, with their unit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the losses.
    score_ax_, learning_rate_ax_ : matplotlib Axes or None
        Axes at the right of `ax_`, None where there is nothing to draw.
    figure_ : matplotlib Figure
        Figure of the plot.

    Notes
    -----
    The losses of a regressor are those of its targets in the unit of their standard
    deviation, unless the loss has an exponential link. A score keeps its unit.

    Compare runs on separate Axes: a second display on the same Axes replaces the first.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((5,), max_iter=4, random_state=0)
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
        label="loss",
    ):
        self.loss = loss
        self.validation_loss = validation_loss
        self.validation_score = validation_score
        self.learning_rate = learning_rate
        self.best_epoch = best_epoch
        self.label = label

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the loss curves of a fitted network.

        Parameters
        ----------
        estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
            Fitted estimator.
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        TypeError
            If `estimator` is none of them.
        NotFittedError
            If it is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        _, network = steps_and_network(estimator)
        history = network.history_
        scaled = getattr(network.model_.loss, "scales_target", False)
        validated = "validation_loss" in history or "validation_score" in history
        return cls(
            network.loss_curve_,
            validation_loss=history.get("validation_loss"),
            validation_score=history.get("validation_score"),
            learning_rate=history.get("learning_rate"),
            best_epoch=network.best_iter_ if validated else None,
            label="loss of scaled targets" if scaled else "loss",
        ).plot(ax=ax)

    @replacing
    def plot(self, *, ax=None):
        """Draw the curves, in place of earlier ones on the same Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on. By default a new figure is made.

        Returns
        -------
        LossCurveDisplay
            This display.

        Raises
        ------
        ValueError
            If there is not one number of each kind for each epoch.
        ImportError
            If matplotlib is not installed.
        """
        series = {
            "validation_loss": self.validation_loss,
            "validation_score": self.validation_score,
            "learning_rate": self.learning_rate,
        }
        for name, values in series.items():
            if values is not None and len(values) != len(self.loss):
                raise ValueError(
                    f"{name} must have one number for each of the {len(self.loss)} "
                    f"epochs, got {len(values)}."
                )
        self.figure_, self.ax_ = figure_and_axes(self, ax)
        epochs = np.arange(1, len(self.loss) + 1)
        training, validation, score, rate = COLORS[:4]
        lines = draw_line(
            self.ax_, epochs, self.loss, color=training, label="training loss"
        )
        if self.validation_loss is not None:
            lines += draw_line(
                self.ax_,
                epochs,
                self.validation_loss,
                color=validation,
                label="validation loss",
            )
        if self.best_epoch is not None:
            lines.append(
                self.ax_.axvline(
                    self.best_epoch, color="0.5", linestyle=":", label="best epoch"
                )
            )
        self.ax_.set(xlabel="epoch", ylabel=self.label)
        whole_numbers(self.ax_.xaxis)
        self.score_ax_ = self.learning_rate_ax_ = None
        if self.validation_score is not None:
            self.score_ax_, line = self._right(
                epochs, self.validation_score, "validation score", score, 0
            )
            lines += line
        if _varies(self.learning_rate):
            outwards = 0 if self.score_ax_ is None else _breadth(self.score_ax_)
            self.learning_rate_ax_, line = self._right(
                epochs, self.learning_rate, "learning rate", rate, outwards
            )
            lines += line
            self.learning_rate_ax_.set_ylim(bottom=0.0)
        legend_above(self.ax_, lines)
        return self

    def _right(self, epochs, values, label, color, outwards):
        """Draw values on a separate scale, some points to the right of the axes."""
        ax = self.ax_.twinx()
        ax.spines["right"].set_position(("outward", outwards))
        line = draw_line(ax, epochs, values, color=color, linestyle="--", label=label)
        ax.set_ylabel(label, color=color)
        ax.tick_params(axis="y", labelcolor=color)
        # A factor above the axis would lie on that of the other one.
        ax.yaxis.set_major_formatter(NUMBER)
        return ax, line


def _varies(rates):
    """Tell whether a learning rate changes; that of L-BFGS, which has none, is NaN."""
    rates = np.asarray([] if rates is None else rates, float)
    rates = rates[np.isfinite(rates)]
    return rates.size > 0 and not np.allclose(rates, rates[0], rtol=1e-9, atol=0.0)


def _breadth(ax):
    """Return the width of the labels at the right of axes, in points."""
    return LABEL + LETTER * max(len(NUMBER.format(x=tick)) for tick in ax.get_yticks())
