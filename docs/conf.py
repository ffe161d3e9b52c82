"""Sphinx configuration; the API lists are written from the families themselves."""

import inspect
from pathlib import Path

import skjacobnet
from skjacobnet import inspection
from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers import LAYERS
from skjacobnet.losses import LOSSES
from skjacobnet.optimizers import OPTIMIZERS
from skjacobnet.regularizers import REGULARIZERS
from skjacobnet.schedules import SCHEDULES

project = "skjacobnet"
author = "the skjacobnet developers"
copyright = f"2026, {author}"
release = skjacobnet.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
exclude_patterns = ["_build"]
html_theme = "pydata_sphinx_theme"
html_title = "skjacobnet"
templates_path = ["_templates"]
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
add_module_names = False

SECTIONS = [
    ("The estimator", "skjacobnet", ["JacobianMLPClassifier"]),
    ("Layers", "skjacobnet.layers", LAYERS),
    ("Initializers", "skjacobnet.initializers", INITIALIZERS),
    ("Losses", "skjacobnet.losses", LOSSES),
    ("Links", "skjacobnet.links", ["Softmax", "Logistic"]),
    ("Regularizers", "skjacobnet.regularizers", REGULARIZERS),
    ("Optimizers", "skjacobnet.optimizers", OPTIMIZERS),
    ("Schedules", "skjacobnet.schedules", SCHEDULES),
    (
        "Jacobian operators",
        "skjacobnet.operators",
        [
            "JacobianOperator",
            "Diagonal",
            "ConstantMatrix",
            "DiagonalMinusRankOne",
            "Dense",
            "Identity",
            "Product",
            "Sum",
            "Stack",
            "multiply",
        ],
    ),
    (
        "The chain rule",
        "skjacobnet.accumulation",
        ["accumulate", "cheapest_order", "cotangents", "tangents"],
    ),
    (
        "Networks",
        "skjacobnet.network",
        ["Network", "Linearization", "complete"],
    ),
    (
        "Optimizers, penalties and orders in numbers",
        "skjacobnet.inspection",
        [
            "impulse_response",
            "trajectory",
            "Surface",
            "flow_field",
            "profile_accumulation",
            "AccumulationProfile",
        ],
    ),
    ("Callbacks", "skjacobnet.callbacks", ["Checkpoint"]),
    ("Inspection", "skjacobnet.inspection", None),
    (
        "Displays",
        "skjacobnet.inspection",
        sorted(name for name in vars(inspection) if name.endswith("Display")),
    ),
    ("From and to MLPClassifier", "skjacobnet.interop", ["from_sklearn", "to_sklearn"]),
    ("Checks", "skjacobnet.testing", None),
]


def _names(module, members):
    if isinstance(members, list):
        return members
    if members is None:
        return sorted(
            name for name in vars(module) if _is_public_function(module, name)
        )
    bases = [
        cls.__name__
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, members.base) and not cls.name
    ]
    return sorted(set(bases)) + [cls.__name__ for cls in members.classes]


def _is_public_function(module, name):
    member = getattr(module, name)
    return inspect.isfunction(member) and not name.startswith("_")


def _called(members):
    """Say which names stand for which class."""
    lines = []
    for cls in members.classes:
        names = [cls.name, *cls.aliases]
        lines.append(f"``{'``, ``'.join(names)}``: `{cls.__name__}`")
    return "Names: " + "; ".join(lines) + "."


def write_api(path):
    """Write the page that lists every public class and function."""
    lines = ["API reference", "=============", ""]
    for title, module_name, members in SECTIONS:
        module = __import__(module_name, fromlist=["_"])
        lines += [title, "-" * len(title), "", f".. currentmodule:: {module_name}", ""]
        if hasattr(members, "classes"):
            lines += [_called(members), ""]
        lines += [".. autosummary::", "   :toctree: api", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in _names(module, members)]
        lines.append("")
    path.write_text("\n".join(lines))


def _is_routing_method(app, what, name, obj, skip, options):
    """Leave out the ``set_*_request`` methods that scikit-learn adds to classes."""
    return skip or (name.startswith("set_") and name.endswith("_request"))


def setup(app):
    """Connect to Sphinx."""
    app.connect("autodoc-skip-member", _is_routing_method)


write_api(Path(__file__).parent / "reference.rst")
default_role = "py:obj"
