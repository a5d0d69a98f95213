"""The source of the few functions that matter, highlighted in the reader's own theme."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.files import home

# JupyterLab's own editor colours follow a light or dark theme; the second colour serves elsewhere.
COLOURS = {
    ".k, .kn, .kc, .ow": ("keyword", "#00713c"),
    ".nf, .nc, .fm": ("def", "#1a4fd6"),
    ".c1, .sd": ("comment", "#4c6a6a"),
    ".s1, .s2, .sa, .si": ("string", "#a3272b"),
    ".mi, .mf": ("number", "#0a7d3c"),
    ".o": ("operator", "#7a20c9"),
    ".nb, .bp": ("builtin", "#00713c"),
    ".nd": ("meta", "#7a20c9"),
}


@dataclass(frozen=True)
class Source:
    """A listing of one or several functions.

    Attributes
    ----------
    text : str
        The code.
    places : tuple of str
        Where each piece stands: file and lines.
    """

    text: str
    places: tuple[str, ...]

    @property
    def html(self) -> str:
        """The listing as highlighted HTML; every character of the code is escaped by the highlighter."""
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        rules = "".join(
            f":is({', '.join(f'.labkit-source {part.strip()}' for part in names.split(','))})"
            f"{{color:var(--jp-mirror-editor-{variable}-color,{colour})}}"
            for names, (variable, colour) in COLOURS.items()
        )
        code = highlight(self.text, PythonLexer(), HtmlFormatter(cssclass="labkit-source"))
        pre = "padding:.6em .9em;border-left:4px solid #0072B2;line-height:1.4;overflow-x:auto"
        frame = f"div.labkit-source.labkit-source > pre{{{pre}}}"
        where = f"<p style='opacity:.75;font-size:90%;margin:.2em 0'>From {', '.join(map(_escape, self.places))}</p>"
        return f"<style>{frame}{rules}</style>{code}{where}"

    def __str__(self) -> str:
        return f"# From {', '.join(self.places)}\n{self.text}"

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.html}


def source(*functions: Callable[..., Any] | type, whole: bool = False) -> Source:
    """Return the source of functions or classes, in the order given.

    Parameters
    ----------
    *functions : function or class
        What to show.
    whole : bool
        Show the docstrings in full; otherwise only their first paragraph.

    Raises
    ------
    ValueError
        No function was given, or one has no Python source.
    """
    if not functions:
        raise ValueError("source() needs at least one function")
    pieces, places = [], []
    for function in functions:
        try:
            lines, first = inspect.getsourcelines(inspect.unwrap(function))
            file = inspect.getsourcefile(inspect.unwrap(function)) or "<unknown>"
        except (OSError, TypeError):
            raise ValueError(f"{function!r} has no Python source to show") from None
        text = textwrap.dedent("".join(lines)).rstrip()
        pieces.append(text if whole else _shortened(text))
        places.append(f"{_shown_path(file)}, lines {first} to {first + len(lines) - 1}")
    return Source("\n\n\n".join(pieces) + "\n", tuple(places))


def _shortened(text: str) -> str:
    """Return the code with every docstring cut to its first paragraph."""
    lines = text.splitlines()
    for node in reversed(
        [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    ):
        docstring = ast.get_docstring(node)
        if docstring is None or "\n\n" not in docstring:
            continue
        held = node.body[0]
        first = lines[held.lineno - 1][: held.col_offset] + '"""' + " ".join(docstring.split("\n\n")[0].split()) + '"""'
        lines[held.lineno - 1 : held.end_lineno] = [first]
    return "\n".join(lines)


def _shown_path(file: str) -> str:
    path = Path(file)
    if "ipykernel_" in file:
        return "this notebook"
    return path.relative_to(home()).as_posix() if path.is_relative_to(home()) else path.name


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
