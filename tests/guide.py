"""The instructor's guide, taken apart: sections, plans, moves, questions; and what the panels of a lesson offer."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import nbformat

HOME = Path(__file__).parents[1]
GUIDE = HOME / "notebooks" / "instructor.md"
NOTEBOOKS = sorted((HOME / "notebooks").glob("[0-9]*.ipynb"))
NUMBERS = tuple(path.name[:2] for path in NOTEBOOKS)
MOVE = re.compile(r"\*\*([\w ]+)\*\* (`?)([\w. -]+?)\2(?=, \*\*|$)")


@dataclass(frozen=True)
class Seen:
    """A row of "What you will see"."""

    view: str
    settings: dict
    quoted: str


def sections(text, marks):
    """Return the parts of a text under headings of this level, by heading; what stands in a block of code is none."""
    parts = re.split(rf"^{marks} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def lesson(number):
    """Return the sections of one lesson in the guide, by heading."""
    found = [text for heading, text in sections(GUIDE.read_text(), "##").items() if heading.startswith(f"{number} ")]
    assert len(found) == 1, f"the guide has {len(found)} sections for notebook {number}"
    return sections(found[0], "###")


def rows(text):
    """Return the cells of a table, without its head."""
    lines = [line.strip()[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def seen(number):
    """Return what the guide says that a panel shows."""
    found = []
    for view, move, quoted in rows(lesson(number)["What you will see"]):
        settings = {name.replace(" ", "_"): value for name, _, value in MOVE.findall(move)}
        assert settings or move == "as it opens", f"not understood: {move}"
        found.append(Seen(view.strip("*"), settings, quoted.strip('"')))
    return found


def stem(number):
    """Return the stem of the lesson whose panel a notebook shows; the first notebook borrows one."""
    path = next(path for path in NOTEBOOKS if path.name.startswith(number))
    return "stigmergic_memory" if number == "00" else path.stem.partition("_")[2]


@cache
def code(number):
    """Return the code of a notebook."""
    path = next(path for path in NOTEBOOKS if path.name.startswith(number))
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


@cache
def headings(number):
    """Return the headings of a notebook, without their numbers."""
    path = next(path for path in NOTEBOOKS if path.name.startswith(number))
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {"Opening", *re.findall(r"^##+ (?:\d+\. )?(.+?)\s*$", text, re.MULTILINE)}


def offered(number):
    """Return the views of a lesson's panels: for each its panel's name, parameters, look, and the fields that matter.

    Nothing is computed: what the lesson hands to `explore` is looked at.
    """
    module = import_module(f"labkit.lessons.{stem(number)}")
    explore, found = module.explore, {}
    try:
        for name in ("panel", "sketch_panel", "leak_panel"):
            if hasattr(module, name):
                module.explore = lambda compute, params, views, *, name=name, vary, look=None, **rest: found.update(
                    {title: (name, params, look, view.vary or vary) for title, view in views.items()}
                )
                getattr(module, name)()
    finally:
        module.explore = explore
    return found


def captions(number):
    """Yield each row of "What you will see" with the sentence that the lesson's panel then shows."""
    module, views, panels = import_module(f"labkit.lessons.{stem(number)}"), offered(number), {}
    for row in seen(number):
        name = views[row.view][0]
        panel = panels.get(name) or panels.setdefault(name, getattr(module, name)())
        # All controls move at once, so that nothing is computed on the way.
        with panel._silently():
            for moved, value in panel._initial.items():
                moved.value = value
            for field, value in row.settings.items():
                control = panel.seed_box if field == "seed" else panel.controls[field]
                control.value = typed(value, control.value)
        panel.choice.value = row.view
        if not panel._stage.view.button:
            panel.settle()
        panel._redraw()
        yield row, panel.caption


def typed(text, like):
    """Return a value as the control has it."""
    return text == "True" if isinstance(like, bool) else type(like)(text)


@cache
def text(number):
    """Return all that a notebook says and prints."""
    path = next(path for path in NOTEBOOKS if path.name.startswith(number))
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        parts.append(cell.source)
        parts += [output.get("text", "") or output.data.get("text/plain", "") for output in cell.get("outputs", [])]
    return "\n".join(parts)
