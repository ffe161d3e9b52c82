"""Render formulas as MathML, which a browser draws by itself, without a network."""

from html import escape

from docutils import nodes
from latex2mathml.converter import convert


def render(latex, display):
    """Return a formula as MathML, with its LaTeX source as the alternative text."""
    mathml = convert(latex, display=display)
    return mathml.replace("<math ", f'<math alttext="{escape(latex)}" ', 1)


def visit_math(self, node):
    """Write a formula into a line of text."""
    self.body.append(render(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_math_block(self, node):
    """Write a displayed formula."""
    self.body.append(f'<div class="math">{render(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
