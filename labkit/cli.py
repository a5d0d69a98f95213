"""The `labkit` command: open the notebooks, measure the claims, find out why a plot does not show."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from labkit import __version__
from labkit.files import FIRST_NOTEBOOK, data_path, home, is_checkout

# Nothing is asked of the network, and nothing pops up over the first lesson.
_LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}

# nbgrader, where it is installed, has a menu and servers of its own, which only the folder of a course needs.
_NBGRADER = ("formgrader", "validate_assignment", "assignment_list", "course_list")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (those of the process if None) and return its exit status."""
    chosen = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Not every terminal and pipe has every sign, such as those of the verdicts.
            stream.reconfigure(errors="replace")
    try:
        return int(chosen.run(chosen))
    except (ValueError, OSError, RuntimeError) as error:
        print(f"labkit {chosen.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"labkit {chosen.command}: stopped; run it again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labkit", description=__doc__)
    parser.add_argument("--version", action="version", version=f"labkit {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.add_argument("--port", type=int, help="the port to serve on (without it: a free one from 8888 on)")
    lab.add_argument("--folder", type=Path, help="the notebooks to serve (without it: labkit's own, or this folder)")
    lab.set_defaults(run=_lab)

    claims = commands.add_parser("claims", help="measure what the papers claim")
    claims.add_argument("stems", nargs="*", metavar="STEM", help="a mechanism, such as stigmergic_memory")
    full = "measure at full budget, write data/claims.csv and the tables behind figures"
    claims.add_argument("--full", action="store_true", help=full)
    claims.set_defaults(run=_claims)

    assignment = commands.add_parser("assignment", help="write a course of nbgrader from the exercises of the lessons")
    assignment.add_argument("stems", nargs="*", metavar="STEM", help="a lesson, such as debate (without it: a list)")
    assignment.add_argument("--all", action="store_true", help="one assignment for every lesson")
    assignment.add_argument("--out", type=Path, default=Path("course"), metavar="FOLDER", help="where (course/)")
    assignment.add_argument("--force", action="store_true", help="replace files that have been edited")
    assignment.set_defaults(run=_assignment)

    doctor = commands.add_parser("doctor", help="say why a widget or plot does not show, and how to mend it")
    doctor.set_defaults(run=_doctor)

    record = commands.add_parser("record", help="record the answers of the local model that a lesson needs")
    record.add_argument("stem", metavar="STEM", help="a mechanism, such as debate; an interrupted recording goes on")
    record.add_argument("--threads", type=int, help="threads of the engine (without it: one per core, at most 4)")
    record.set_defaults(run=_record)

    model = commands.add_parser("model", help="fetch the weights of the local model, or say where they are")
    model.add_argument("action", choices=("fetch", "where"))
    model.set_defaults(run=_model)

    slides = commands.add_parser("slides", help="write a notebook as slides: one page that needs no network")
    slides.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="an executed notebook")
    slides.add_argument("--out", type=Path, default=Path("slides"), metavar="FOLDER", help="where (slides/)")
    slides.set_defaults(run=_slides)

    site = commands.add_parser("site", help="build pages of the notebooks that work from disk, without a kernel")
    site.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="the notebooks (without it: all)")
    site.add_argument("--out", type=Path, metavar="FOLDER", help="where the pages go (without it: the folder site)")
    site.add_argument("--seconds", type=float, default=45.0, help="what the frames of one panel may take (45)")
    site.set_defaults(run=_site)

    readme = commands.add_parser("readme", help="write the generated tables of README.md, and the glossary")
    readme.set_defaults(run=_readme)
    return parser


def _lab(chosen: argparse.Namespace) -> int:
    folder = chosen.folder or _notebooks()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    with tempfile.TemporaryDirectory(prefix="labkit-") as scratch:
        return _serve(lab_arguments(folder, Path(scratch), chosen.port))


def lab_arguments(folder: Path, scratch: Path, port: int | None = None) -> list[str]:
    """Return JupyterLab's arguments: token, loopback only, no network, the first notebook open.

    Parameters
    ----------
    folder : Path
        The notebooks to serve.
    scratch : Path
        An empty folder for what concerns this run alone; the reader's own settings are read but not touched.
    port : int, optional
        The port, which must then be free; without it the first free one from 8888 on.
    """
    settings, workspaces = scratch / "settings", scratch / "workspaces"
    settings.mkdir()
    (settings / "overrides.json").write_text(json.dumps(_LAB_SETTINGS), encoding="utf-8")
    start = f"/lab/tree/{FIRST_NOTEBOOK}" if (folder / FIRST_NOTEBOOK).is_file() else "/lab"
    arguments = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.resolve()}",
        "--ServerApp.answer_yes=True",
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
        f"--LabApp.default_url={start}",
        f"--LabApp.app_settings_dir={settings}",
        f"--LabApp.workspaces_dir={workspaces}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if find_spec("nbgrader") and not (folder / "nbgrader_config.py").is_file():
        (settings / "page_config.json").write_text('{"disabledExtensions": ["@jupyter/nbgrader"]}', encoding="utf-8")
        arguments += [f"--ServerApp.jpserver_extensions=nbgrader.server_extensions.{name}=False" for name in _NBGRADER]
    if port is not None:
        arguments += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--ServerApp.allow_root=True")
    if not _has_screen():
        arguments.append("--no-browser")
    return arguments


def _serve(arguments: list[str]) -> int:
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(argv=arguments)
    return 0


def _notebooks() -> Path:
    return home() / "notebooks" if is_checkout() else Path.cwd()


def _has_screen() -> bool:
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _claims(chosen: argparse.Namespace) -> int:
    from labkit import ledger

    stems = chosen.stems or ledger.stems()
    # At full budget each result goes into data/claims.csv as it is found.
    budget: ledger.Budget = "full" if chosen.full else "quick"
    measured = ledger.measure_all(stems, budget=budget, progress=sys.stderr.isatty())
    for stem in stems:
        print(f"{stem}\n\n{ledger.render(stem, measured)}\n")
        for path in ledger.write_tables(stem) if chosen.full else ():
            print(f"wrote {path.name}")
    return 1 if any(result.error for result in measured) else 0


def _record(chosen: argparse.Namespace) -> int:
    from tqdm import tqdm

    from labkit import ledger, llm

    if chosen.stem not in ledger.stems() or not hasattr(claims := ledger.module(chosen.stem), "record"):
        raise ValueError(f"{chosen.stem!r} is no mechanism that asks a model")
    # One after the other in a fixed order: with the cache of prompts that is four times faster.
    with llm.local_server(threads=chosen.threads, cache=True) as chat:
        book = llm.recorded(data_path(f"{chosen.stem}_answers.jsonl"), chat)
        with tqdm(unit="answer", smoothing=0.02, mininterval=1) as bar:
            for done, total in claims.record(book):
                bar.total = total
                bar.update(done - bar.n)
    print(book.provenance)
    return 0


def _model(chosen: argparse.Namespace) -> int:
    from tqdm import tqdm

    from labkit import llm

    if chosen.action == "where":
        print(llm.SMOLLM2.path if llm.SMOLLM2.path.is_file() else llm.missing())
        return 0
    with tqdm(unit="B", unit_scale=True, desc=llm.SMOLLM2.model) as bar:
        print(llm.fetch(progress=lambda done, total: _show(bar, done, total)))
    return 0


def _show(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


def _assignment(chosen: argparse.Namespace) -> int:
    from labkit import assignment

    stems = chosen.stems or (assignment.stems() if chosen.all else ())
    if not stems:
        lessons = map(assignment.material, assignment.stems())
        print(f"Assignments can be had on these lessons:\n\n{assignment.listed(lessons)}")
        print("\nName one or more, as in `labkit assignment debate`, or take --all.")
        return 0
    course = assignment.write(stems, chosen.out, force=chosen.force)
    print(f"Written into {course.folder}:\n\n{assignment.listed(course.assignments)}")
    for name in course.replaced:
        print(f"  {name} had been edited, and was replaced")
    print(f"\n{assignment.next_steps(course)}")
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    from labkit.doctor import doctor

    report = doctor()
    print(report)
    return 0 if report.healthy else 1


def _site(chosen: argparse.Namespace) -> int:
    from labkit.site import build

    begun = time.perf_counter()
    first = build(chosen.out or home() / "site", chosen.notebooks, chosen.seconds)
    size = sum(path.stat().st_size for path in first.parent.rglob("*") if path.is_file()) / 1e6
    print(f"{first}: {size:.1f} MB in {time.perf_counter() - begun:.0f} s; open it in a browser")
    return 0


def _slides(chosen: argparse.Namespace) -> int:
    from labkit.slides import write

    for notebook in chosen.notebooks:
        print(write(notebook, chosen.out))
    return 0


def _readme(chosen: argparse.Namespace) -> int:
    from labkit import glossary, readme

    for path in (readme.write(), glossary.write()):
        print(f"{path} is up to date")
    return 0
