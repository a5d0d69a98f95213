"""What the atlas says about one paper: its idea, its claim, our verdict, and where it is taught."""

from __future__ import annotations

import html
from collections import Counter

from labkit.papers import Paper, status, verdicts

ROLES = {
    "main": "It is the mechanism of the lesson",
    "section": "It is a section of the lesson",
    "framing": "It frames the lesson",
}
FEASIBLE = {
    "yes": "All of it runs on two processor cores",
    "reduced": "A smaller version of it runs on two processor cores",
    "concept": "It is a concept, so its idea is tried, not its system",
}
AT_ONCE = 4  # verdicts; a longer list waits behind its summary
HEAD = "style='text-align:left;vertical-align:top;padding:.2em .9em .2em 0;white-space:nowrap'"
CELL = "style='text-align:left;padding:.2em 0;white-space:normal'"


def card(paper: Paper) -> str:
    """Return the card as HTML; everything that comes from data is escaped."""
    rows = [
        ("Idea", html.escape(paper.mechanism)),
        ("Claim", html.escape(paper.claim)),
        ("Our verdict", _verdicts(paper)),
        ("Lesson", f"{_link(paper)}<br>{ROLES[paper.role]}."),
        ("Feasibility", f"{FEASIBLE[paper.cpu_feasible]}."),
    ]
    body = "".join(f"<tr><th scope='row' {HEAD}>{name}</th><td {CELL}>{text}</td></tr>" for name, text in rows)
    kind = html.escape(f"{paper.id} · {paper.kind} · {paper.family} · {status(paper)}")
    heading = (
        f"<h4 style='margin:.1em 0'>{html.escape(paper.title)}</h4><p style='margin:.1em 0 .5em;opacity:.75'>{kind}</p>"
    )
    table = f"<table style='border:0;font-size:inherit;max-width:52em'><tbody>{body}</tbody></table>"
    return f"<div class='labkit-paper' style='line-height:1.5;padding:0 .6em'>{heading}{table}</div>"


def words(paper: Paper) -> str:
    """Return the card as plain text."""
    place = f"Lesson: {paper.notebook} ({status(paper)})"
    return "\n".join((f"{paper.id} {paper.title}", f"Idea: {paper.mechanism}", f"Claim: {paper.claim}", place))


def _verdicts(paper: Paper) -> str:
    found = verdicts(paper)
    if not found:
        return "Nothing measured yet."
    lines = []
    for measured in found:
        said = measured.claim.statement.rstrip(".") + "."
        if measured.estimate is not None:
            said += f" Ours: {measured.estimate} {measured.claim.unit}".rstrip() + "."
        lines.append(f"<li><b>{html.escape(str(measured.verdict))}</b>: {html.escape(said)}</li>")
    listed = f"<ul style='margin:0;padding-left:1.1em'>{''.join(lines)}</ul>"
    if len(found) <= AT_ONCE:
        return listed
    counts = Counter((measured.verdict.symbol, measured.verdict.word) for measured in found if measured.verdict)
    summary = ", ".join(f"{symbol} {count} {word}" for (symbol, word), count in counts.most_common())
    return f"<details><summary>{len(found)} claims: {summary}</summary>{listed}</details>"


def _link(paper: Paper) -> str:
    lesson = paper.lesson
    name = html.escape(f"{lesson.number} {lesson.lesson}")
    question = html.escape(lesson.question)
    return f"<a href='{lesson.file}'>{name}</a>: {question}" if lesson.exists else f"{name}: {question} (to come)"
