"""A line of text that is updated in place where possible."""

import sys


class Line:
    """Line that is updated in a terminal or a notebook; elsewhere lines are appended.

    A terminal and a notebook show plain characters after a carriage return as a single
    line.

    Attributes
    ----------
    changes : bool
        Whether the line is updated in place.
    """

    def __init__(self):
        stream = sys.stdout
        in_notebook = type(stream).__module__.startswith("ipykernel.")
        in_terminal = hasattr(stream, "isatty") and stream.isatty()
        self.changes = in_notebook or in_terminal
        self._width = 0

    def write(self, text):
        """Show a text instead of the last one, or below it."""
        if self.changes:
            sys.stdout.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def close(self):
        """End the line."""
        if self._width:
            self._width = 0
            sys.stdout.write("\n")
            sys.stdout.flush()
