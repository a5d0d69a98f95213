"""Links: where those of a notebook lead on the site, and those of a page that lead nowhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from labkit.files import home, repository
from labkit.readme import binder, colab


@dataclass(frozen=True, slots=True)
class Places:
    """Where a link leads.

    Attributes
    ----------
    pages : frozenset of str
        The documents in `notebooks/` that the site has a page of, such as ``12_debate.ipynb``.
    """

    pages: frozenset[str]

    def lead(self, url: str) -> str:
        """Return the address for a link written in a document of `notebooks/`.

        Raises
        ------
        ValueError
            It leads to a file that is not there.
        """
        parts = urlsplit(url)
        if parts.scheme or parts.netloc or not parts.path:
            return url
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        if parts.path in self.pages:
            return page_name(parts.path) + anchor
        path = posixpath.normpath(f"notebooks/{unquote(parts.path)}")
        if not (home() / path).exists():
            raise ValueError(f"the link {url!r} leads to {path}, which is not there")
        return on_github(path) + anchor

    def led(self, html: str) -> str:
        """Return HTML that a notebook shows, with its links as `lead` has them."""

        def link(found: re.Match[str]) -> str:
            return f'href="{escape(self.lead(unescape(found[2])))}"'

        return re.sub(r"""href=(["'])(.*?)\1""", link, html)


def page_name(document: str) -> str:
    """Return the name of the page of a notebook or Markdown document."""
    return f"{Path(document).stem}.html"


def on_github(path: str) -> str:
    """Return the address of a file or folder of the repository."""
    kind = "tree" if (home() / path).is_dir() else "blob"
    return f"{repository()}/{kind}/main/{quote(path)}"


def live(notebook: str) -> dict[str, str]:
    """Return where a notebook can be opened live: names and addresses."""
    path = f"notebooks/{notebook}"
    return {"Binder": binder(path), "Colab": colab(path)}


# --------------------------------------------------------------------------------------------- dead links


class _Seen(HTMLParser):
    """The links of a page, and what can be linked to on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.names.add(value)
            elif name in ("href", "src") and value is not None:
                self.links.append(value)


def dead_links(folder: Path) -> list[str]:
    """Return the links on the pages of a folder that lead nowhere, in words.

    Parameters
    ----------
    folder : Path
        The built site. Files and anchors in it are looked up; of an address outside only the form is looked at.
    """
    seen = {path: _Seen(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    return [
        f"{path.relative_to(folder)}: {fault}" for path, page in seen.items() for fault in _faults(path, page, seen)
    ]


def _faults(path: Path, page: _Seen, seen: dict[Path, _Seen]) -> Iterable[str]:
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme == "data":
            continue
        if parts.scheme or parts.netloc:
            if parts.scheme not in ("https", "http", "mailto") or (
                parts.scheme != "mailto" and "." not in parts.netloc
            ):
                yield f"{link!r} is no address"
            elif any(sign.isspace() for sign in link):
                yield f"{link!r} has a space in it"
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            yield f"{link!r} leads to a file that is not there"
        elif parts.fragment and target in seen and unquote(parts.fragment) not in seen[target].names:
            yield f"{link!r} leads to an anchor that is not there"
