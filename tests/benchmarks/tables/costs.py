"""Memory of a fit and cost of an import, each in a separate process (Linux)."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import peers
import rule

TABLES = "sklearn/breast_cancer", "keel/spambase"
IMPORTS = {
    peers.OURS: "from skjacobnet import JacobianMLPClassifier",
    peers.MLP: "from sklearn.neural_network import MLPClassifier",
    "HistGradientBoosting": (
        "from sklearn.ensemble import HistGradientBoostingClassifier"
    ),
    peers.LIGHTGBM: "from lightgbm import LGBMClassifier",
    peers.REALMLP: "from pytabkit import RealMLP_TD_Classifier",
}
# Fits that take minutes are measured on the first table only.
SMALL_ONLY = (peers.REALMLP,)
N_IMPORTS = 2

STATUS = """
def megabytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if name in line) / 1024
"""
IMPORT = """
import time
before, start = megabytes("VmRSS"), time.process_time()
{statement}
print(time.process_time() - start, megabytes("VmRSS") - before)
"""
FIT = """
import sys, warnings
sys.path.insert(0, {folder!r})
warnings.simplefilter("ignore")
import peers, rule, sources
line = next(line for line in rule.tables() if rule.name_of(line) == {table!r})
X, y = sources.load(line)
train, _ = next(sources.splits(y, line["task"]))
model = peers.factories(line["task"])[{peer!r}](X)
X, y = X.iloc[train], y[train]
# The peak so far, of reading the table, does not count.
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = megabytes("VmRSS")
model.fit(X, y)
print("peak", megabytes("VmHWM") - before)
"""


def output(program):
    """Run a program in a new process and return the last line that it prints."""
    command = [sys.executable, "-c", STATUS + program]
    # Sources that are not installed keep their bytecode, as installed packages do.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    )
    return done.stdout.splitlines()[-1].split()


def run(path):
    """Measure all peers that are installed and write a file."""
    names = {rule.name_of(line) for line in rule.tables()}
    folder = str(Path(__file__).parent)
    head = ["", "import, CPU s", "import, MB", *(f"fit of {t}, MB" for t in TABLES)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for peer, statement in IMPORTS.items():
            if peers.lacks(peer):
                continue
            program = IMPORT.format(statement=statement)
            # The first one may write the bytecode.
            found = [output(program) for _ in range(N_IMPORTS)]
            cells = [min(map(float, cell)) for cell in zip(*found, strict=True)]
            row = [peer, f"{cells[0]:.2f}", f"{cells[1]:.0f}"]
            for table in TABLES:
                if table not in names or (peer in SMALL_ONLY and table != TABLES[0]):
                    row.append("")
                    continue
                program = FIT.format(folder=folder, table=table, peer=peer)
                row.append(f"{float(output(program)[-1]):.0f}")
            writer.writerow(row)
            file.flush()
            print(json.dumps(row), flush=True)
