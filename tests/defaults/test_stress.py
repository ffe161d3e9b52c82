"""Defaults on tables made to break them; tests/benchmarks/stress.py has more seeds."""

import runpy
from pathlib import Path

import numpy as np
import pytest

STRESS = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "stress.py"))
TABLES, CLASSES, WEIGHTS, UNITS = (
    STRESS[name] for name in ("TABLES", "CLASSES", "WEIGHTS", "UNITS")
)
# Rows that leak into the pilot, and targets unrelated to the features.
WEAK = "repeated rows", "new rows far outside"
LARGE = "noise, 2,000 rows", "700 columns", "500 levels of noise"
MOST = [name for name in TABLES if name not in (*WEAK, *LARGE)]

pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning",
)


@pytest.mark.parametrize("table", MOST)
def test_probabilities_are_hardly_worse_than_the_class_shares(table):
    n, make = TABLES[table]
    excess, strange = STRESS["excess_log_loss"](n, make, CLASSES["two"], None, seed=0)
    assert strange == 0
    assert excess < 0.2


@pytest.mark.parametrize("classes", ["five", "1:200 and rarer", "40 % flipped"])
@pytest.mark.parametrize("seed", [0, 1])
def test_other_classes(classes, seed):
    n, make = TABLES["60 rows of noise"]
    found = STRESS["excess_log_loss"](n, make, CLASSES[classes], None, seed)
    assert found[0] < 0.2
    assert found[1] == 0


def test_a_few_heavy_rows():
    n, make = TABLES["noise, 2,000 rows"]
    weights = WEIGHTS["weights x 1000"]
    excess, strange = STRESS["excess_log_loss"](n, make, CLASSES["two"], weights, 0)
    assert excess < 0.03
    assert strange == 0


@pytest.mark.parametrize("table", MOST)
def test_numbers_are_hardly_worse_than_the_mean(table):
    n, make = TABLES[table]
    error, strange = STRESS["relative_error"](n, make, UNITS[""], seed=0)
    assert strange == 0
    assert error < 1.1


@pytest.mark.parametrize("table", WEAK)
def test_predictions_are_finite_all_the_same(table):
    n, make = TABLES[table]
    found = STRESS["excess_log_loss"](n, make, CLASSES["two"], None, seed=0)
    assert found[1] == 0
    assert STRESS["relative_error"](n, make, UNITS[""], seed=0)[1] == 0


def test_the_unit_of_a_target_changes_nothing():
    n, make = TABLES["100 rows, 2 columns"]
    errors = [
        STRESS["relative_error"](n, make, UNITS[unit], seed=0)[0]
        for unit in ("", "x 1e6", "x 1e-6", "float32, + 1e6")
    ]
    np.testing.assert_allclose(errors[1:3], errors[0], rtol=1e-6)
    # float32 has a sixteenth left of one at a million.
    assert errors[3] == pytest.approx(errors[0], rel=0.1)
