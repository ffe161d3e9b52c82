"""Sphinx configuration; the API reference is written from the package itself."""

import inspect
import re
import sys
from pathlib import Path

import skjacobnet
from skjacobnet import (
    accumulation,
    callbacks,
    core,
    initializers,
    inspection,
    interop,
    layers,
    links,
    losses,
    model,
    model_selection,
    network,
    operators,
    optimizers,
    regularizers,
    schedules,
    tasks,
    testing,
)
from skjacobnet.core.component import Family

project = "skjacobnet"
author = "the skjacobnet developers"
copyright = f"2026, {author}"
release = skjacobnet.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "matplotlib.sphinxext.figmpl_directive",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
# What the gallery writes for those who download it is no source of a page.
exclude_patterns = ["_build", "auto_examples/**/*.ipynb", "auto_examples/**/*.py"]
templates_path = ["_templates"]
default_role = "py:obj"
# Names that begin with the package's must lead somewhere; parameters lead nowhere.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!skjacobnet\.).*")]
add_module_names = False
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
html_theme = "pydata_sphinx_theme"
html_title = "skjacobnet"
html_theme_options = {"header_links_before_dropdown": 7}

# `examples/plot_digits.py` is in neither: it takes longer than any of these.
GALLERIES = ["lessons", "guide"]
sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))  # `gallery_order`
sphinx_gallery_conf = {
    "examples_dirs": [f"../examples/{name}" for name in GALLERIES],
    "gallery_dirs": [f"auto_examples/{name}" for name in GALLERIES],
    "within_subsection_order": "gallery_order.ChosenOrder",
    "backreferences_dir": "auto_examples/using",
    "doc_module": "skjacobnet",
    "image_srcset": ["2x"],
    "min_reported_time": 1,
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
}
# Scripts of pictures are named from here, whatever the folder of the page.
plot_basedir = "."
plot_formats = [("png", 100)]
plot_srcset = ["2x"]
plot_html_show_formats = False
plot_html_show_source_link = False

# Each section of the reference: a title, a module, and names, or None for all that the
# module exports and no other section lists.
SECTIONS = [
    ("The estimators", skjacobnet, None),
    ("Searches", model_selection, None),
    ("Layers", layers, None),
    ("Initializers", initializers, None),
    ("Losses", losses, None),
    (
        "Links",
        links,
        [
            "Softmax",
            "Logistic",
            "IdentityLink",
            "ExponentialLink",
            "MeanAndDeviation",
            "SortedQuantiles",
        ],
    ),
    ("Regularizers", regularizers, None),
    ("Optimizers", optimizers, None),
    ("Schedules", schedules, None),
    ("Jacobian operators", operators, None),
    (
        "The chain rule",
        accumulation,
        ["accumulate", "cheapest_order", "cotangents", "tangents"],
    ),
    ("Networks", network, ["Network", "Linearization", "build_network"]),
    ("Tasks", tasks, None),
    ("Fitted models", model, None),
    ("Inspection in numbers", inspection, None),
    (
        "Inspection in pictures",
        inspection,
        sorted(name for name in vars(inspection) if name.endswith("Display")),
    ),
    ("Callbacks", callbacks, None),
    ("From and to scikit-learn", interop, None),
    ("Checks", testing, None),
    ("What custom parts need", core, None),
]
# Exported for other modules of the package, not for its users.
INTERNAL = {
    "CallbackSupportMixin",
    "EpochHooks",
    "Line",
    "ProgressLine",
    "epoch_hooks",
    "has_callbacks",
    "with_callbacks",
    "without_callbacks",
}


def exports(module):
    """Return the public names of a module: classes, functions and data, no modules."""

    def is_own(name, member):
        if name.startswith("_") or inspect.ismodule(member):
            return False
        if inspect.isclass(member) or inspect.isfunction(member):
            return member.__module__.startswith(module.__name__)
        return True

    names = [name for name, member in vars(module).items() if is_own(name, member)]
    return [name for name in getattr(module, "__all__", names) if name not in INTERNAL]


def write_api(path):
    """Write the page that lists every public class, function and family."""
    chosen = {(module, name) for _, module, names in SECTIONS for name in names or []}
    lines = ["API reference", "=============", ""]
    seen = set()
    for title, module, names in SECTIONS:
        if names is None:
            names = [name for name in exports(module) if (module, name) not in chosen]
        names = sorted(names, key=lambda name: _rank(getattr(module, name)))
        documented = [name for name in names if callable(getattr(module, name))]
        lines += [title, "-" * len(title), ""]
        # The first section of a module is where links to the module lead.
        directive = "currentmodule" if module in seen else "module"
        lines += [f".. {directive}:: {module.__name__}", ""]
        seen.add(module)
        for name in names:
            if name not in documented:
                lines += _lines_about_data(name, getattr(module, name))
        lines += [".. autosummary::", "   :toctree: api", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in documented]
        lines.append("")
    path.write_text("\n".join(lines))


def _rank(member):
    """Order what a module holds: contracts, other classes, functions, data."""
    is_contract = inspect.isabstract(member) or getattr(member, "name", "") is None
    return (
        not is_contract,
        not inspect.isclass(member),
        not callable(member),
        getattr(member, "__name__", "").lower(),
    )


def _lines_about_data(name, table):
    """Say which names a table knows, and what they stand for."""
    if isinstance(table, Family):
        entries = [
            f"``{'``, ``'.join([part.name, *part.aliases])}``: `{part.__name__}`"
            for part in table.classes
        ]
    else:
        entries = [f"``{key}``" for key in table]
    return [f".. data:: {name}", "", f"   Names: {'; '.join(entries)}.", ""]


def _is_routing_method(app, what, name, obj, skip, options):
    """Leave out the methods for metadata routing that scikit-learn adds to classes."""
    is_request = name.startswith("set_") and name.endswith("_request")
    return skip or is_request or name == "get_metadata_routing"


def _unlink(app, what, name, obj, options, lines):
    """Keep the words of links into scikit-learn's own pages, without the links."""
    if (getattr(obj, "__module__", None) or "").startswith("sklearn."):
        lines[:] = [re.sub(r":ref:`([^`<]+?) *<[^`]*`", r"\1", line) for line in lines]


def setup(app):
    """Connect to Sphinx."""
    app.connect("autodoc-skip-member", _is_routing_method)
    app.connect("autodoc-process-docstring", _unlink)
    write_api(Path(app.srcdir) / "reference.rst")
