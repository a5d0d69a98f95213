"""Claims as a table: paper, ours with its interval, verdict."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from labkit.dialogue import shown
from labkit.ledger._claim import Claim
from labkit.ledger._measure import Measured, claims_of
from labkit.ledger._record import recorded

_HEADINGS = ("Claim", "Paper", "Ours, 95 % interval", "Verdict", "Why", "Read in")


class Row(NamedTuple):
    """One claim, in words."""

    statement: str
    paper: str
    ours: str
    verdict: str
    why: str
    read_in: str


@dataclass(frozen=True, slots=True)
class ClaimsTable:
    """A table of claims that shows itself in a notebook, a README or a terminal.

    Attributes
    ----------
    rows : tuple of Row
        One per claim.
    caption : str
        How the numbers were obtained.
    """

    rows: tuple[Row, ...]
    caption: str

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align:left">{html.escape(name)}</th>' for name in _HEADINGS)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{html.escape(shown(cell))}</td>' for cell in row) + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{html.escape(shown(self.caption))}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _repr_markdown_(self) -> str:
        lines = [_HEADINGS, ("---",) * len(_HEADINGS), *(tuple(map(escaped, row)) for row in self.rows)]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{escaped(self.caption)}\n"

    def __str__(self) -> str:
        """Return three lines per claim."""
        blocks = [
            f"{row.verdict}: {row.statement}\n    paper {row.paper} ({row.read_in}); ours {row.ours}\n    {row.why}"
            for row in self.rows
        ]
        return shown("\n".join([*blocks, self.caption]))

    __repr__ = __str__


def render(stem: str, measured: Iterable[Measured] | None = None) -> ClaimsTable:
    """Return the table of a mechanism's claims.

    Parameters
    ----------
    stem : str
        The mechanism.
    measured : iterable of Measured, optional
        What to show; without it, what is on record.

    Raises
    ------
    ValueError
        There are no claims for this stem, or the record is damaged.
    """
    source = recorded().values() if measured is None else measured
    known = {result.claim.key: result for result in source if result.claim.stem == stem}
    rows = tuple(_row(claim, known.get(claim.key)) for claim in claims_of(stem))
    return ClaimsTable(rows, _caption(list(known.values())))


def _row(claim: Claim, result: Measured | None) -> Row:
    paper = "no number" if claim.paper_value is None else f"{claim.paper_value:g} {claim.unit}".strip()
    if claim.paper_value is not None and claim.tolerance is not None:
        paper += f" (within {claim.tolerance:g})"
    if claim.holds_if:
        paper += f"; {claim.holds_if}"
    if result is None:
        return Row(claim.statement, paper, "", "not measured yet", "", claim.read_in)
    if result.verdict is None:
        return Row(claim.statement, paper, "", "! failed", result.error, claim.read_in)
    ours = f"{result.estimate} {claim.unit}".strip() if result.estimate is not None else ""
    return Row(claim.statement, paper, ours, str(result.verdict), result.verdict.why, claim.read_in)


def _caption(results: list[Measured]) -> str:
    if not results:
        return "Nothing measured yet."
    how = sorted({f"{result.budget} budget, seed {result.seed}, labkit {result.labkit}" for result in results})
    return f"Measured at {'; '.join(how)}."


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_|$])", r"\\\1", html.escape(shown(text), quote=False)).replace("\n", " ")
