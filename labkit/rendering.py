"""Markdown and code as HTML that needs no script: formulas become MathML, which browsers show by themselves."""

from __future__ import annotations

import html
import re
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_ELSEWHERE = ("http:", "https:", "mailto:", "#")
_TAG = re.compile(r"<[^>]+>")
# What the converter does not know it passes on as it stands.
_LEFT_OVER = re.compile(r"\\[A-Za-z]+")


def formula(tex: str, *, block: bool = False) -> str:
    """Return a formula as MathML, which browsers show by themselves.

    Parameters
    ----------
    tex : str
        The formula in LaTeX, without dollars.
    block : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ValueError
        It does not convert.
    """
    from latex2mathml.converter import convert

    try:
        converted = str(convert(tex, display="block" if block else "inline"))
    except Exception as error:
        raise ValueError(f"the formula {tex!r} does not convert to MathML: {error or type(error).__name__}") from None
    if unknown := _LEFT_OVER.search(html.unescape(_TAG.sub("", converted))):
        raise ValueError(f"the formula {tex!r} does not convert to MathML: {unknown[0]} is not known")
    return converted


class MathRenderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, but for formulas."""

    def block_math(self, body: str) -> str:
        """Return a formula on a line of its own."""
        return formula(body, block=True)

    def inline_math(self, body: str) -> str:
        """Return a formula within a line."""
        return formula(body)

    def latex_environment(self, name: str, body: str) -> str:
        """Return an environment such as ``align``."""
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)


def code(text: str) -> str:
    """Return Python as HTML with its colours.

    Parameters
    ----------
    text : str
        The code.

    Returns
    -------
    str
        A block that can be scrolled with the keyboard; every sign of the code is escaped.
    """
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    shown = str(highlight(text, PythonLexer(), HtmlFormatter(cssclass="labkit-source")))
    return shown.replace("<pre>", '<pre tabindex="0" role="region" aria-label="code">')


class Markdown:
    """Renders Markdown; what it holds of HTML is shown as it stands.

    Parameters
    ----------
    notebooks : str
        The way from the page to the folder of the notebooks, for links between them.
    """

    def __init__(self, notebooks: str = ".") -> None:
        self._markdown = MarkdownWithMath(renderer=_Renderer(notebooks))

    def render(self, text: str) -> str:
        """Return Markdown as HTML.

        Raises
        ------
        ValueError
            A formula does not convert.
        """
        return str(self._markdown.render(text))


class _Renderer(MathRenderer):
    """The same, but for links and pictures."""

    def __init__(self, notebooks: str) -> None:
        super().__init__(escape=True)
        self._notebooks = notebooks

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not text:  # a badge
            return ""
        away = url.startswith(_ELSEWHERE) or self._notebooks == "."
        return str(super().link(text, url if away else f"{self._notebooks}/{url}", title))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        # A page that works without the network shows no picture from elsewhere.
        return "" if url.startswith(_ELSEWHERE) else str(super().image(text, url, title))

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"
