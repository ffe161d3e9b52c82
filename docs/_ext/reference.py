"""Write the pages of the API reference from the package itself."""

import inspect
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
    ("Inspection functions", inspection, None),
    (
        "Displays",
        inspection,
        sorted(name for name in vars(inspection) if name.endswith("Display")),
    ),
    ("Callbacks", callbacks, None),
    ("From and to scikit-learn", interop, None),
    ("Checks", testing, None),
    ("Base classes for custom parts", core, None),
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


def write_reference(folder):
    """Write a page for each section, and the index that lists every public name."""
    folder.mkdir(exist_ok=True)
    chosen = {(module, name) for _, module, names in SECTIONS for name in names or []}
    index, pages, seen = [*heading("API reference", "=")], [], set()
    for title, module, names in SECTIONS:
        if names is None:
            names = [name for name in exports(module) if (module, name) not in chosen]
        names = sorted(names, key=lambda name: _rank(getattr(module, name)))
        page = title.lower().replace(" ", "_")
        (folder / f"{page}.rst").write_text(
            "\n".join(section(title, module, names, is_first=module not in seen))
        )
        seen.add(module)
        pages.append(page)
        index += [*heading(title, "-"), *summary(module, names)]
    index += [".. toctree::", "   :hidden:", "", *(f"   {page}" for page in pages), ""]
    (folder / "index.rst").write_text("\n".join(index))


def heading(title, line):
    """Return the lines of a heading."""
    return [title, line * len(title), ""]


def section(title, module, names, is_first):
    """Return the lines of a section's page, with the data and links to the rest."""
    # The first section of a module is where links to the module lead.
    directive = "module" if is_first else "currentmodule"
    lines = [*heading(title, "="), f".. {directive}:: {module.__name__}", ""]
    for name in names:
        if not callable(getattr(module, name)):
            lines += _lines_about_data(name, getattr(module, name))
    return lines + summary(module, names, ["   :toctree: api"])


def summary(module, names, options=()):
    """Return a table of classes and functions with their first lines."""
    documented = [name for name in names if callable(getattr(module, name))]
    return [
        f".. currentmodule:: {module.__name__}",
        "",
        ".. autosummary::",
        *options,
        "   :nosignatures:",
        "",
        *(f"   {name}" for name in documented),
        "",
    ]


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


def setup(app):
    """Write the pages before Sphinx looks for sources."""
    write_reference(Path(app.srcdir) / "reference")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
