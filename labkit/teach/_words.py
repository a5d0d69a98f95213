"""Words on the page: short texts that look right in light and dark, and read well without HTML."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any, Literal

from labkit.dialogue import shown

Tone = Literal["plain", "good", "again", "note"]

# The border tells the tone a second time; the title says it first, in words.
BORDERS: dict[Tone, str] = {"plain": "transparent", "good": "#009E73", "again": "#D55E00", "note": "#0072B2"}
CODE = re.compile(r"`([^`]+)`")
EMPHASIS = ((re.compile(r"\*\*(.+?)\*\*"), "b"), (re.compile(r"\*(?!\s)([^*]+?)(?<!\s)\*"), "i"))


@dataclass(frozen=True)
class Words:
    """A text for a reader, shown as a quiet card.

    Attributes
    ----------
    text : str
        Paragraphs are parted by an empty line; ``**bold**``, ``*italic*`` and code in backticks are the only markup.
        Everything else is shown as it stands, so that an answer cannot bring in HTML.
    title : str
        One short line above the text.
    tone : {"plain", "good", "again", "note"}
        The colour of the border.
    """

    text: str
    title: str = ""
    tone: Tone = "plain"

    @property
    def html(self) -> str:
        """The card as HTML, everything escaped."""
        title = f"<p style='margin:.2em 0'><b>{inline(self.title)}</b></p>" if self.title else ""
        body = "".join(f"<p style='margin:.35em 0'>{inline(part)}</p>" for part in paragraphs(self.text))
        indent = "0" if self.tone == "plain" else ".2em .9em"
        style = (
            f"border-left:4px solid {BORDERS[self.tone]};padding:{indent};margin:.4em 0;max-width:46em;line-height:1.5;"
            "overflow-wrap:anywhere"
        )
        return f"<div style='{style}'>{title}{body}</div>"

    def __str__(self) -> str:
        return "\n\n".join(plain(part) for part in (self.title, *paragraphs(self.text)) if part)

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.html}


def say(template: str, **results: Any) -> Words:
    """Return a sentence filled in from results, so that the prose cannot state a number the run did not give.

    Parameters
    ----------
    template : str
        A format string: ``say("Memory gives **{gain:.1f} %** more food.", gain=gain)``.
    **results : Any
        The values it names.

    Raises
    ------
    ValueError
        The template names a value that was not given.
    """
    try:
        return Words(template.format(**results))
    except (KeyError, IndexError) as missing:
        raise ValueError(
            f"the text names {{{missing.args[0]}}}, but the values given are {', '.join(results) or 'none'}"
        ) from None


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def inline(text: str) -> str:
    """Return one line of text as HTML: escaped, with bold, italic and code."""
    pieces = CODE.split(html.escape(shown(text)))
    return "".join(f"<code>{piece}</code>" if code else _marked(piece) for piece, code in _in_turn(pieces))


def plain(text: str) -> str:
    """Return one line of text without the signs for bold and italic."""
    pieces = CODE.split(shown(text))
    return "".join(f"`{piece}`" if code else _unmarked(piece) for piece, code in _in_turn(pieces))


def _in_turn(pieces: list[str]) -> list[tuple[str, bool]]:
    """Pair each piece with whether it is code: every second one is."""
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces)]


def _marked(text: str) -> str:
    for pattern, tag in EMPHASIS:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    return text


def _unmarked(text: str) -> str:
    for pattern, _ in EMPHASIS:
        text = pattern.sub(r"\1", text)
    return text
