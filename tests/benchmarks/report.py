"""A table, a figure and a file of what was measured."""

import json
from collections import defaultdict


def grouped(records):
    """Return the records of each case, as (threads, what, case, dtype) to a list."""
    cases = defaultdict(list)
    for record in records:
        key = record["threads"], record["what"], record["case"], record["dtype"]
        cases[key].append(record)
    return cases


def print_table(records):
    """Print every time, and how many times as long as this package it takes."""
    for (threads, what, case, dtype), rows in grouped(records).items():
        print(f"\n{what}: {case} {dtype}, threads: {threads}")
        ours = next((row.get("seconds") for row in rows), None)
        for row in rows:
            if "seconds" not in row:
                name = "exponent" if "exponent" in row else "bytes"
                print(f"    {name:<24}{row[name]:>12.2f}")
                continue
            memory = ""
            if "peak_bytes" in row:
                memory = f"  peak beyond X {row['peak_bytes'] / 1e6:.2f} MB"
            ratio = row["seconds"] / ours
            print(
                f"    {row['peer']:<24}{1e3 * row['seconds']:>12.3f} ms"
                f"{ratio:>8.2f}{memory}"
            )


def draw(records, path):
    """Draw how many times as long as this package each peer takes to fit."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fits = {
        key: rows
        for key, rows in grouped(records).items()
        if key[1] == "fit, per epoch" and key[0] == 1
    }
    first, *peers = dict.fromkeys(row["peer"] for rows in fits.values() for row in rows)
    colors = plt.get_cmap("cividis")
    height = 0.8 / max(1, len(peers))
    figure, axes = plt.subplots(
        1, 2, figsize=(13, 1 + 0.9 * len(fits)), sharey=True, layout="constrained"
    )
    for ax, dtype in zip(axes, ("float32", "float64"), strict=True):
        shown = [(key[2], rows) for key, rows in fits.items() if key[3] == dtype]
        for place, name in enumerate(peers):
            points = [
                (index, row["seconds"] / rows[0]["seconds"])
                for index, (_, rows) in enumerate(shown)
                for row in rows
                if row["peer"] == name
            ]
            ax.barh(
                [index - 0.4 + (place + 0.5) * height for index, _ in points],
                [ratio for _, ratio in points],
                height,
                label=name,
                color=colors(place / max(1, len(peers) - 1)),
            )
        ax.axvline(1.0, color="black", linewidth=1)
        ax.set_yticks(range(len(shown)), [case for case, _ in shown])
        ax.set_xscale("log")
        ax.set_xlabel(f"time / time of {first} (1 thread)")
        ax.set_title(dtype)
    axes[0].invert_yaxis()
    axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path, dpi=100)


def write(records, path):
    """Write the records as JSON."""
    path.write_text(json.dumps(records, indent=1))
