"""Print the tables of docs/measured/performance: python tests/benchmarks/page.py FILE.

FILE is the ``benchmarks.json`` of a whole run.
"""

import json
import sys
from itertools import product
from pathlib import Path
from textwrap import indent

from report import grouped

FIT, PREDICT, JACOBIAN = "fit, per epoch", "predict_proba", "input Jacobian"
PEERS = {
    "MLPClassifier": "MLPClassifier",
    "PyTorch": "PyTorch",
    "PyTorch, fused Adam": "fused",
    "PyTorch, compiled": "compiled",
    "skorch": "skorch",
    "JAX, jitted epoch": "JAX",
    "matrix products alone": "products",
}
TRAINING_ONLY = "PyTorch, fused Adam", "matrix products alone"


def table(head, rows):
    """Print a table of reStructuredText."""
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    print(".. table::\n   :class: figures\n")
    print(indent("\n".join([rule, lines[0], rule, *lines[1:], rule, ""]), "   "))


def columns_of(case):
    """Split the name of a case: network, rows, and the batch if there is one."""
    net, rows = case.split(", ", 1)
    rows, _, batch = rows.replace(" rows", "").partition(", batch ")
    return [net, rows, *([batch] if batch else [])]


def head_of(rows):
    """Return the names of those columns."""
    return ["net", "rows", "batch"][: len(rows)]


def milliseconds(seconds):
    """Return a time with three digits."""
    value = 1e3 * seconds
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def seconds_of(records):
    """Return the time of each peer."""
    return {record["peer"]: record["seconds"] for record in records}


def ratios(cases, threads, dtype, what, peers):
    """Print times of this package, and how many times as long each peer takes."""
    rows = []
    for (n, kind, case, of_case), group in cases.items():
        if (n, kind, of_case) == (threads, what, dtype):
            times = seconds_of(group)
            ours = times["skjacobnet"]
            shares = [
                f"{times[peer] / ours:.2f}" if peer in times else "" for peer in peers
            ]
            sizes = columns_of(case)
            rows.append([*sizes, milliseconds(ours), *shares])
    print(f"{what}, threads: {threads}, {dtype}\n")
    table([*head_of(sizes), "ms", *peers.values()], rows)


def jacobians(cases, threads, dtype):
    """Print the times of the three orders and of the peers."""
    rows, peers = [], {}
    for (n, what, case, of_case), group in cases.items():
        if (n, what, of_case) == (threads, JACOBIAN, dtype):
            peers = seconds_of(group)
            sizes = columns_of(case)
            rows.append([*sizes, *map(milliseconds, peers.values())])
    names = [PEERS.get(peer, peer.removeprefix("skjacobnet, ")) for peer in peers]
    print(f"Jacobians, threads: {threads}, {dtype}\n")
    table([*head_of(sizes), *names], rows)


def growth(cases):
    """Print times and memory."""
    rows = [
        [case, milliseconds(group[0]["seconds"]), f"{group[0]['peak_bytes'] / 1e6:.1f}"]
        for (_, what, case, _), group in cases.items()
        if what.startswith("growth")
    ]
    print("Growth\n")
    table(["table and network", "ms per epoch", "peak beyond X, MB"], rows)


def memory(records):
    """Print the bytes a row of each kind of fit."""
    rows = [[r["case"], f"{r['bytes']:.0f}"] for r in records if "bytes" in r]
    print("Memory\n")
    table(["fit", "bytes a row"], rows)


def main():
    """Print one table after the other."""
    records = json.loads(Path(sys.argv[1]).read_text())
    cases = grouped(record for record in records if "seconds" in record)
    predicting = {peer: PEERS[peer] for peer in PEERS if peer not in TRAINING_ONLY}
    for threads, dtype in product((1, 2), ("float32", "float64")):
        ratios(cases, threads, dtype, FIT, PEERS)
        ratios(cases, threads, dtype, PREDICT, predicting)
        jacobians(cases, threads, dtype)
    growth(cases)
    memory(records)
    for record in records:
        if "exponent" in record:
            print(f"{record['what']}: exponent {record['exponent']:.2f}")
        if record["what"] == "import":
            print(f"import: {milliseconds(record['seconds'])} ms")


if __name__ == "__main__":
    main()
