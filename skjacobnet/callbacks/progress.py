"""The line that shows how a run gets on."""

from time import perf_counter

from skjacobnet.callbacks.line import Line

# Writing to a terminal more often than this, in seconds, only costs time.
PAUSE = 0.1
# A file gets about so many lines of a run, whatever its length.
LINES_OF_A_FILE = 28


class ProgressLine:
    """A line of text after epochs, in a terminal one that is written over.

    A terminal and a notebook show plain characters behind a carriage return as a single
    line that changes. Elsewhere, such as in a log file, whole lines are written, at
    most some thirty in all.

    Parameters
    ----------
    n_epochs : int
        The most epochs to come.
    name : str, default=""
        What the run is called, at the beginning of the line.
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
        """Show the newest entry of the history, unless that has just been done."""
        self.done += 1
        now = perf_counter()
        if self._is_due(now):
            self.written = now
            self._write(state, (now - self.start) / self.done)

    def run_ends(self, state, model):
        """Show where the run ended."""
        if self.done:
            self._write(state, 0.0, ended=True)

    def close(self):
        """Begin a new line after this one."""
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
