"""The time to import the package, after NumPy and sklearn.base."""

import os
import subprocess
import sys
import tempfile

import numpy as np

PROGRAM = """
from time import perf_counter
import numpy, sklearn.base
start = perf_counter()
import skjacobnet
print(perf_counter() - start)
"""


def seconds(variables):
    """Import in a new process and return the time that it took."""
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, env=variables, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def measure(quick):
    """Yield one record. The first import writes the bytecode and does not count."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        times = [seconds(variables) for _ in range(4 if quick else 10)]
    yield {
        "what": "import",
        "case": "on top of numpy and sklearn.base",
        "dtype": "",
        "peer": "skjacobnet",
        "seconds": float(np.median(times[1:])),
    }
