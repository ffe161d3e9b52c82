"""Render formulas as MathML, which a browser draws by itself, without a network."""

from html import escape

from docutils import nodes
from latex2mathml.converter import convert


def render(latex, display):
    """Return a formula as MathML, with its LaTeX source as the alternative text."""
    aligned = rf"\begin{{split}}{latex}\end{{split}}" if r"\\" in latex else latex
    mathml = convert(aligned, display=display)
    return mathml.replace("<math ", f'<math alttext="{escape(latex)}" ', 1)


def visit_math(self, node):
    """Write a formula into a line of text."""
    self.body.append(render(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_math_block(self, node):
    """Write displayed formulas, which blank lines separate."""
    formulas = [part for part in node.astext().split("\n\n") if part.strip()]
    rendered = (render(formula, "block") for formula in formulas)
    self.body.append(f'<div class="formula">{"".join(rendered)}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
