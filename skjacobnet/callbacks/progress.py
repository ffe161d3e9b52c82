"""The line that shows how a training gets on."""

import sys
from time import perf_counter

# Writing more often than this, in seconds, only costs time.
PAUSE = 0.1


class ProgressLine:
    """One line of text, written over again after each epoch.

    Plain characters and a carriage return, which a terminal and a notebook both show
    as a single line that changes.

    Parameters
    ----------
    n_epochs : int
        The most epochs to come.
    """

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.start = perf_counter()
        self.done = 0
        self.written = -PAUSE
        self.width = 0

    def epoch_begins(self, state):
        """Do nothing."""

    def epoch_ends(self, state):
        """Show the newest entry of the history, unless that has just been done."""
        self.done += 1
        now = perf_counter()
        if now - self.written >= PAUSE or self.done == self.n_epochs:
            self.written = now
            self._write(state, (now - self.start) / self.done)

    def fit_ends(self, state):
        """Show where training ended and leave the line."""
        if self.done:
            self._write(state, 0.0, ended=True)
            self.leave()

    def leave(self):
        """Begin a new line after this one."""
        if self.width:
            sys.stdout.write("\n")
            sys.stdout.flush()

    def _write(self, state, seconds_per_epoch, ended=False):
        last = {name: values[-1] for name, values in state.history.items()}
        parts = [
            f"epoch {state.epoch}/{state.epoch - self.done + self.n_epochs}",
            f"loss {last['loss'] + last['penalty']:.4g}",
        ]
        if "validation_score" in last:
            parts.append(f"validation score {last['validation_score']:.4g}")
        elif "validation_loss" in last:
            parts.append(f"validation loss {last['validation_loss']:.4g}")
        if ended:
            parts.append(f"{perf_counter() - self.start:.1f} s")
        else:
            left = seconds_per_epoch * (self.n_epochs - self.done)
            parts.append(f"at most {left:.0f} s left")
        line = ", ".join(parts)
        sys.stdout.write("\r" + line.ljust(self.width))
        sys.stdout.flush()
        self.width = len(line)
