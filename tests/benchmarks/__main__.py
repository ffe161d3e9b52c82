"""Time this package beside its peers: python tests/benchmarks [--quick] [--output DIR].

Every measurement runs in a separate process with the number of threads fixed, to one,
pinned to one core, and to two. MLPClassifier is always there; PyTorch, skorch and JAX
take part where they are installed.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import report

PARTS = ["training", "prediction", "jacobians", "growth", "startup"]
THREAD_VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]


def run_part(part, threads, quick):
    """Run one part in a new process and return its records."""
    variables = dict.fromkeys(THREAD_VARIABLES, str(threads))
    command = [sys.executable, __file__, "--part", part, "--threads", str(threads)]
    if quick:
        command.append("--quick")
    output = subprocess.run(
        command,
        env={**os.environ, **variables},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    records = [json.loads(line) for line in output.splitlines()]
    return [{"threads": threads, **record} for record in records]


def measure_here(part, threads, quick):
    """Measure in this process, and print a line of JSON for each record."""
    if threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for record in importlib.import_module(part).measure(quick):
        print(json.dumps(record), flush=True)


def main():
    """Run all parts, print the table, and write the figure and the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small cases only")
    parser.add_argument("--output", type=Path, default=Path("benchmark_results"))
    parser.add_argument("--part", choices=PARTS, help="only this one")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.threads:
        measure_here(arguments.part, arguments.threads, arguments.quick)
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    records = []
    for part in [arguments.part] if arguments.part else PARTS:
        for threads in (1,) if part in ("growth", "startup") else (1, 2):
            new = run_part(part, threads, arguments.quick)
            report.print_table(new)
            records += new
    report.write(records, arguments.output / "benchmarks.json")
    if any(record["what"] == "fit, per epoch" for record in records):
        report.draw(records, arguments.output / "benchmarks.png")


if __name__ == "__main__":
    main()
