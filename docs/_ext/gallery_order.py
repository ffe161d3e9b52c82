"""Order of the examples in the gallery: lessons by number, the guide as listed here."""

from pathlib import Path

GUIDE = [
    "plot_raw_table.py",
    "plot_pipeline_and_grid_search.py",
    "plot_searching_fast.py",
    "plot_early_stopping.py",
    "plot_imbalanced.py",
    "plot_prediction_intervals.py",
    "plot_explain_one_prediction.py",
    "plot_robustness.py",
    "plot_custom_parts.py",
    "plot_take_over_mlpclassifier.py",
    "plot_out_of_core.py",
]


class ChosenOrder:
    """Sort key of the files in one folder of examples."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        name = Path(filename).name
        return GUIDE.index(name) if name in GUIDE else len(GUIDE), name
