"""The line that shows how a search gets on."""

import threading
from time import perf_counter

import numpy as np

from skjacobnet.callbacks.line import Line

# Writing to a terminal more often than this, in seconds, only costs time; to a file,
# much more seldom is enough.
PAUSE, PAUSE_OF_A_FILE = 0.1, 10.0


class SearchLine:
    """Shows how many fits are done and running, epochs, and the best score."""

    def __init__(self):
        self.line = Line()
        self.lock = threading.Lock()
        self.n_candidates = self.n_splits = self.n_epochs = self.n_done = 0
        self.running = {}
        self.start = self.written = perf_counter()

    def begins(self, n_candidates, n_splits):
        """Take note of candidates to come."""
        self.n_candidates, self.n_splits = n_candidates, n_splits
        self.n_done = 0

    def __call__(self, n_trained, n_running):
        """Take note of an epoch of a group that is trained together.

        Parameters
        ----------
        n_trained, n_running : int
            Members in that epoch, and those that go on.
        """
        with self.lock:
            self.n_epochs += n_trained
            self.running[threading.get_ident()] = n_running
            now = perf_counter()
            if now - self.written >= (PAUSE if self.line.changes else PAUSE_OF_A_FILE):
                self.written = now
                self._write([f"{sum(self.running.values())} running"])

    def split_ends(self):
        """Take note that all candidates are fitted to one more split."""
        self.n_done += self.n_candidates
        self.running.clear()

    def __reduce__(self):
        # In another process nothing is shown.
        return _nothing_to_show, ()

    def ends(self, results):
        """Show the best score so far."""
        scores = [v for k, v in results.items() if k.startswith("mean_test_")]
        best = np.nanmax(scores[0]) if np.isfinite(scores[0]).any() else np.nan
        seconds = perf_counter() - self.start
        self._write(["0 running", f"best score {best:.4g}", f"{seconds:.1f} s"])

    def close(self):
        """Begin a new line."""
        self.line.close()

    def _write(self, texts):
        n_fits = self.n_candidates * self.n_splits
        head = (
            f"{self.n_candidates} candidates x {self.n_splits} splits: "
            f"{self.n_done} of {n_fits} fits done"
        )
        self.line.write(", ".join([head, *texts, f"{self.n_epochs} epochs"]))


def _nothing_to_show():
    return None
