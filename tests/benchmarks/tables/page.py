"""The tables of docs/measured/out_of_the_box.rst, each a CSV file."""

import csv

import aggregate as a
import numpy as np
import rule

OURS = "skjacobnet"
# Fewer have no interval.
FEWEST_TABLES = 5
QUICK = {
    "classification": [
        *(OURS, "MLP", "logistic regression"),
        *("random forest", "HistGradientBoosting", "LightGBM"),
    ],
    "regression": [
        *(OURS, "MLP", "MLP, target as it is", "ridge"),
        *("random forest", "HistGradientBoosting", "LightGBM"),
    ],
}
SLOW = ["MLP, tuned", "LightGBM, tuned", "RealMLP-TD"]
SMALL = [OURS, "MLP", "MLP, tuned", "LightGBM", "LightGBM, tuned", "RealMLP-TD"]
SMALLEST = [*SMALL, "TabM-D"]
SHORT = {
    "logistic regression": "logistic",
    "random forest": "forest",
    "HistGradientBoosting": "HistGB",
    "MLP, target as it is": "MLP, as is",
}


def write_csv(path, head, rows):
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([head, *rows])


def spread(values, n_tables):
    """Return a ratio as text, with its interval unless that says little."""
    if n_tables < FEWEST_TABLES:
        return f"{values[0]:.2f}"
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values).replace(" ", "\N{NO-BREAK SPACE}")


def summary(results, block, task, peers, needed=()):
    """Return the head and the rows of a table of ratios to the MLP."""
    chosen = a.select(results, block, task, needed)
    peers = [peer for peer in peers if chosen.get(peer)]
    main, plus = a.MAIN[task]
    values = a.means(chosen, main)
    rank = a.ranks(values, peers)
    is_classes = task == "classification"
    losses = a.means(chosen, "log_loss") if is_classes else {}
    seconds = [a.means(chosen, f"{what}_seconds") for what in ("fit", "predict")]
    rows = []
    for peer in peers:
        is_base, n = peer == a.BASE, len(values[peer])
        name = SHORT.get(peer, peer)
        cells = [
            name,
            "1" if is_base else spread(a.ratio(values, peer, a.BASE, plus), n),
        ]
        if is_classes:
            cells.append("1" if is_base else spread(a.ratio(losses, peer, a.BASE), n))
        cells += [f"{rank[peer]:.1f}"]
        won = a.wins(values, peer, a.BASE, task)
        cells += ["" if is_base else "/".join(map(str, won))]
        for times in seconds:
            ratio = a.ratio(times, peer, a.BASE)[0]
            cells.append(f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}")
        rows.append(cells)
    head = ["error", "log-loss"] if is_classes else ["RMSE"]
    return ["", *head, "rank", "won, level, lost", "fit", "predict"], rows


def medians(results, block, task, peers, needed=()):
    """Return the head and the rows of a table of medians over tables."""
    chosen = a.select(results, block, task, needed)
    shown = {
        "classification": {
            "error": "error",
            "log_loss": "log-loss",
            "calibration_error": "calibration error",
            "auc": "AUC",
        },
        "regression": {"r2": "R²"},
    }[task]
    shown |= {"fit_seconds": "fit, CPU s", "predict_seconds": "predict, CPU s"}
    rows = []
    for peer in peers:
        if chosen.get(peer):
            found = [a.means(chosen, score)[peer].values() for score in shown]
            rows.append([peer, *(f"{np.median(list(v)):.3f}" for v in found)])
    return ["", *shown.values()], rows


def described(results, rule_tables):
    """Return the head and the rows of the list of tables, with their targets."""
    first = {row["table"]: row for row in reversed(results)}
    rows = []
    for line in rule_tables:
        name = rule.name_of(line)
        if name not in first:
            continue
        sizes = [first[name][size] for size in ("rows", "columns", "classes")]
        texts = ["" if size is None else f"{size:.0f}" for size in sizes]
        rows.append([name, *texts, line["target"]])
    return ["table", "rows", "columns", "classes", "target"], sorted(rows)


def against(results, block, task, peers, needed=()):
    """Return the head and the rows of this package against each peer."""
    chosen = a.select(results, block, task, needed)
    main, plus = a.MAIN[task]
    values = a.means(chosen, main)
    is_classes = task == "classification"
    losses = a.means(chosen, "log_loss") if is_classes else {}
    rows = []
    for peer in peers:
        if peer == OURS or not chosen.get(peer):
            continue
        n = len(values[peer])
        cells = [peer, n, spread(a.ratio(values, OURS, peer, plus), n)]
        if is_classes:
            cells.append(spread(a.ratio(losses, OURS, peer), n))
        rows.append([*cells, "/".join(map(str, a.wins(values, OURS, peer, task)))])
    head = ["error", "log-loss"] if is_classes else ["RMSE"]
    return ["skjacobnet over", "tables", *head, "won, level, lost"], rows


def each(results, block, task, score, peers, needed=()):
    """Return the head and the rows of a table with a row for each table."""
    chosen = a.select(results, block, task, needed)
    values = a.means(chosen, score)
    peers = [peer for peer in peers if chosen.get(peer)]
    tried = {(row["peer"], row["table"]) for row in results}
    rows = []
    for table in sorted(values["MLP"], key=str.lower):
        first = chosen["MLP"][table][0]
        found = {peer: values[peer].get(table) for peer in peers}
        texts = {peer: number(found[peer], score) for peer in peers}
        texts |= {peer: "" for peer in peers if (peer, table) not in tried}
        best = min(value for value in found.values() if value is not None)
        cells = [
            f"**{texts[peer]}**" if texts[peer] == number(best, score) else texts[peer]
            for peer in peers
        ]
        rows.append([table, f"{first['rows']:.0f}", *cells])
    return ["table", "rows", *(SHORT.get(peer, peer) for peer in peers)], rows


def number(value, score):
    """Return a score as text: three decimals, or four digits of an error in units."""
    if value is None:
        return "failed"
    if score != "rmse":
        return f"{value:.3f}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def notes(results):
    """Return how many fits of each peer failed, and did not converge."""
    rows = []
    for peer in dict.fromkeys(row["peer"] for row in results):
        own = [row["note"] for row in results if row["peer"] == peer]
        failed = sum(note.startswith("failed") for note in own)
        stopped = sum("convergence" in note for note in own)
        rows.append([peer, len(own), failed, stopped])
    return ["", "fits", "failed", "with a convergence warning"], rows


def contents(results):
    """Return file name -> (head, rows) of all tables of the page."""
    found = {
        "notes": notes(results),
        "tables": described(results, rule.tables()),
        "tables_development": described(results, rule.tables("development")),
    }
    for task in a.MAIN:
        quick = QUICK[task]
        groups = {
            "": ("headline", quick, ()),
            "_small": ("headline", SMALL, SLOW),
            "_smallest": ("headline", SMALLEST, ["TabM-D"]),
            "_development": ("development", quick, ()),
        }
        for name, (block, peers, needed) in groups.items():
            arguments = results, block, task
            if not a.select(*arguments, needed).get("MLP"):
                continue
            found[f"{task}{name}"] = summary(*arguments, peers, needed)
            if name == "":
                found[f"{task}_medians"] = medians(*arguments, peers)
            scores = (
                ["error", "log_loss"] if task == "classification" else [a.MAIN[task][0]]
            )
            if name != "_smallest":
                found[f"{task}{name}_against"] = against(*arguments, peers, needed)
            for score in scores:
                if name != "_smallest":
                    shown = SMALLEST if name == "_small" else peers
                    key = f"{task}{name}_each_{score}"
                    found[key] = each(*arguments, score, shown, needed)
    return found


def write(path, folder):
    """Write all tables of the page from a file of results."""
    for name, (head, rows) in contents(a.read(path)).items():
        write_csv(folder / f"{name}.csv", head, rows)
