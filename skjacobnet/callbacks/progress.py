"""The progress line of a run."""

from time import perf_counter

from skjacobnet.callbacks.line import Line

# Least time in seconds between two updates of a terminal.
PAUSE = 0.1
# Approximate number of lines in a file, whatever the length of the run.
LINES_OF_A_FILE = 28


class ProgressLine:
    """Progress line, updated after epochs.

    A terminal and a notebook show plain characters after a carriage return as a single
    line that changes. Elsewhere, such as in a log file, whole lines are written, at
    most about thirty in all.

    Parameters
    ----------
    n_epochs : int
        Maximum number of remaining epochs.
    name : str, default=""
        Name of the run, at the beginning of the line.
    """

    def __init__(self, n_epochs, name=""):
        self.n_epochs = n_epochs
        self.name = name
        self.start = perf_counter()
        self.done = 0
        self.written = -PAUSE
        self.line = Line()

    def epoch_begins(self, state):
        """Do nothing."""

    def epoch_ends(self, state, model):
        """Show the newest entry of the history, unless it was just shown."""
        self.done += 1
        now = perf_counter()
        if self._is_due(now):
            self.written = now
            self._write(state, (now - self.start) / self.done)

    def run_ends(self, state, model):
        """Show the final state of the run."""
        if self.done:
            self._write(state, 0.0, ended=True)

    def close(self):
        """End the line."""
        self.line.close()

    def _is_due(self, now):
        if self.line.changes:
            return now - self.written >= PAUSE or self.done == self.n_epochs
        step = -(-self.n_epochs // LINES_OF_A_FILE)
        return self.done == 1 or self.done % step == 0

    def _write(self, state, seconds_per_epoch, ended=False):
        last = {name: values[-1] for name, values in state.history.items()}
        texts = [
            f"epoch {state.epoch}/{state.epoch - self.done + self.n_epochs}",
            f"loss {last['loss'] + last['penalty']:.4g}",
        ]
        if "validation_score" in last:
            texts.append(f"validation score {last['validation_score']:.4g}")
        elif "validation_loss" in last:
            texts.append(f"validation loss {last['validation_loss']:.4g}")
        if ended:
            texts.append(f"{perf_counter() - self.start:.1f} s")
        else:
            left = seconds_per_epoch * (self.n_epochs - self.done)
            texts.append(f"at most {left:.0f} s left")
        self.line.write(" ".join([self.name, ", ".join(texts)]).lstrip())
