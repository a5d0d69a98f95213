"""Markdown as HTML: formulas without a script, headings to link to, links that lead somewhere on the site."""

from __future__ import annotations

import html
import re
from typing import Any

from nbconvert.filters.markdown_mistune import MarkdownWithMath

from labkit.glossary import anchor
from labkit.rendering import MathRenderer
from labkit.site._links import Places

_TAG = re.compile(r"<[^>]+>")


class Prose:
    """Renders the Markdown of one page and notes its headings.

    Parameters
    ----------
    places : Places
        Where links lead.

    Attributes
    ----------
    places : Places
        The same.
    headings : list of (int, str, str)
        Level, name to link to, and words, in order.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.headings: list[tuple[int, str, str]] = []
        self._markdown = MarkdownWithMath(renderer=_Renderer(self))

    def render(self, text: str) -> str:
        """Return Markdown as HTML.

        Raises
        ------
        ValueError
            A formula does not convert, or a link leads nowhere.
        """
        return framed(str(self._markdown.render(text)))

    def name(self, words: str, level: int) -> str:
        """Note a heading and return the name it gets on this page."""
        wanted = anchor(words) or "section"
        taken = sum(re.fullmatch(rf"{re.escape(wanted)}(-\d+)?", name) is not None for _, name, _ in self.headings)
        name = f"{wanted}-{taken}" if taken else wanted
        self.headings.append((level, name, words))
        return name


class _Renderer(MathRenderer):
    """The renderer of Markdown, but for headings, links and pictures."""

    def __init__(self, prose: Prose) -> None:
        super().__init__(escape=False)
        self._prose = prose
        self._marked: set[str] = set()

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        words = html.unescape(_TAG.sub("", text)).strip()
        name = self._prose.name(words, level)
        # JupyterLab keeps capitals and points in the name of a heading.
        other = words.replace(" ", "-")
        mark = "" if other in self._marked or other == name else f'<span id="{html.escape(other)}"></span>'
        self._marked |= {name, other}
        return f'<h{level} id="{name}">{mark}{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return str(super().link(text, self._prose.places.lead(url), title))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        # A page that works without the network shows no picture from elsewhere, but its words.
        return html.escape(text) if url.startswith(("http:", "https:")) else str(super().image(text, url, title))


def framed(text: str) -> str:
    """Return HTML in which what may be too wide for a screen can be scrolled, also with the keyboard."""
    text = text.replace("<pre>", '<pre tabindex="0">')
    table = '<div class="scroll" tabindex="0" role="region" aria-label="table"><table'
    return re.sub(r"<table", table, text).replace("</table>", "</table></div>")
