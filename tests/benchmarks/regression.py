"""Compare held-out R² with that of MLPRegressor on a scaled target, on four tables.

Ten random splits, of which a quarter is held out. Both have standardized features, the
same layers, optimizer, batches and epochs. The third column has the regressor of this
package with its defaults, and the last ones have the plain one again, with targets a
million times smaller and larger. Run it with one BLAS thread:
OPENBLAS_NUM_THREADS=1 python tests/benchmarks/regression.py
"""

import warnings

import numpy as np
from nets import plain
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import (
    load_diabetes,
    make_friedman1,
    make_friedman2,
    make_friedman3,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPRegressor

TABLES = {
    "diabetes": load_diabetes(return_X_y=True),
    "friedman1": make_friedman1(500, noise=1.0, random_state=0),
    "friedman2": make_friedman2(500, noise=100.0, random_state=0),
    "friedman3": make_friedman3(500, noise=0.1, random_state=0),
}
SPLITS = ShuffleSplit(10, test_size=0.25, random_state=0)
UNITS = 1e-6, 1e6


def scores(regressor, X, y):
    """Return R² on the rows that each split holds out."""
    return cross_val_score(make_pipeline(StandardScaler(), regressor), X, y, cv=SPLITS)


def main():
    """Print the means over the splits, table by table."""
    # Both stop at 200 epochs on some tables, and say so.
    warnings.simplefilter("ignore", ConvergenceWarning)
    here = plain(
        JacobianMLPRegressor,
        learning_rate=1.25e-3,
        max_iter=200,
        tol=1e-4,
        random_state=0,
    )
    defaults = JacobianMLPRegressor(random_state=0)
    peer = TransformedTargetRegressor(
        MLPRegressor(random_state=0), transformer=StandardScaler()
    )
    units = ", ".join(f"{unit:g}" for unit in UNITS)
    heads = f"{'here':>8}{'MLPRegressor':>15}{'defaults':>15}"
    print(f"{'':<12}{heads}{f'here, y times {units}':>30}")
    for name, (X, y) in TABLES.items():
        own = scores(here, X, y).mean()
        others = [scores(peer, X, y).mean(), scores(defaults, X, y).mean()]
        others += [scores(here, X, unit * y).mean() for unit in UNITS]
        cells = "".join(f"{np.round(score, 4):>15.4f}" for score in others)
        print(f"{name:<12}{own:>8.4f}{cells}", flush=True)


if __name__ == "__main__":
    main()
