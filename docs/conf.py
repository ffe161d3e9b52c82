"""Configure Sphinx."""

import re
import sys
import tomllib
from pathlib import Path

import skjacobnet

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
URLS = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]["urls"]

project = "skjacobnet"
author = "the skjacobnet developers"
copyright = f"2026, {author}"
release = skjacobnet.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "reference",
    "matplotlib.sphinxext.figmpl_directive",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "sphinx.ext.extlinks",
    "sphinx_copybutton",
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
# One parameter a line where a signature is long, and short names on the right.
python_maximum_signature_line_length = 60
toc_object_entries_show_parents = "hide"
autosummary_generate = True
extlinks = {"source": (f"{URLS['Repository']}/blob/main/%s", "%s")}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "skjacobnet"
html_baseurl = URLS["Documentation"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 7,
    "icon_links": [
        {
            "name": "Sources",
            "url": URLS["Repository"],
            "icon": "fa-brands fa-github",
        }
    ],
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo_dark.svg",
        "text": "skjacobnet",
    },
    "navbar_align": "left",
    "search_bar_text": "Search: deploy, missing values, custom layer ...",
    "show_toc_level": 2,
}
html_sidebars = {"index": []}
# Prompts and what a session prints are not copied.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# `examples/plot_digits.py` is in neither: it takes longer than any of these.
GALLERIES = ["lessons", "guide"]
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
