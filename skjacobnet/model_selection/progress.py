"""Progress line of a search, and its end at an interrupt."""

import threading
from time import perf_counter

import numpy as np

from skjacobnet.callbacks.line import Line

# Least time in seconds between two updates, of a terminal and of a file.
PAUSE, PAUSE_OF_A_FILE = 0.1, 10.0


class Progress:
    """Progress reported by the workers of a search, and the signal to halt them.

    Parameters
    ----------
    shows : bool
        Whether to show a progress line.
    """

    def __init__(self, shows):
        self.line = Line() if shows else None
        self.n_candidates = self.n_splits = self.n_epochs = self.n_done = 0
        self.running = {}
        self.start = self.written = perf_counter()
        self._changed = threading.Condition()
        self._n_active = 0
        self._is_halted = False

    def begins(self, n_candidates, n_splits):
        """Add candidates to the total."""
        self.n_candidates, self.n_splits, self.n_done = n_candidates, n_splits, 0

    def __enter__(self):
        with self._changed:
            self._n_active += 1

    def __exit__(self, *_):
        with self._changed:
            self._n_active -= 1
            self._changed.notify_all()

    def __call__(self, n_trained, n_running):
        """Count an epoch of a group of candidates trained together.

        Parameters
        ----------
        n_trained, n_running : int
            Number of members in that epoch, and of those that continue.

        Raises
        ------
        KeyboardInterrupt
            If the search has been halted.
        """
        with self._changed:
            if self._is_halted:
                raise KeyboardInterrupt
            self.n_epochs += n_trained
            self.running[threading.get_ident()] = n_running
            if self.line is None:
                return
            now = perf_counter()
            if now - self.written >= (PAUSE if self.line.changes else PAUSE_OF_A_FILE):
                self.written = now
                self._write([f"{sum(self.running.values())} running"])

    def halt(self):
        """Halt all workers, and wait for them."""
        with self._changed:
            self._is_halted = True
            self._changed.wait_for(lambda: self._n_active == 0)

    def split_ends(self):
        """Count a split to which all candidates are fitted."""
        self.n_done += self.n_candidates
        self.running.clear()

    def ends(self, results):
        """Show the best score so far."""
        if self.line is None:
            return
        scores = next(v for k, v in results.items() if k.startswith("mean_test_"))
        best = np.nanmax(scores) if np.isfinite(scores).any() else np.nan
        seconds = perf_counter() - self.start
        self._write(["0 running", f"best score {best:.4g}", f"{seconds:.1f} s"])

    def close(self):
        """End the progress line."""
        if self.line is not None:
            self.line.close()

    def __reduce__(self):
        # Another process has nothing to show, and is ended by its backend.
        return Progress, (False,)

    def _write(self, texts):
        head = (
            f"{self.n_candidates} candidates x {self.n_splits} splits: {self.n_done} "
            f"of {self.n_candidates * self.n_splits} fits done"
        )
        self.line.write(", ".join([head, *texts, f"{self.n_epochs} epochs"]))
