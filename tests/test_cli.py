"""The labkit command."""

import io
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from labkit import __version__, cli
from labkit.doctor import Finding, Report


def test_it_says_its_version():
    done = subprocess.run([sys.executable, "-m", "labkit", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"labkit {__version__}"


def test_labkit_imports_fast():
    code = "import sys, labkit.cli; print({'pandas', 'scipy', 'plotly', 'jupyterlab'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("arguments", [[], ["dance"], ["lab", "--port", "many"]])
def test_bad_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: labkit" in capsys.readouterr().err


def test_a_missing_folder_is_refused_in_words(tmp_path, capsys):
    assert cli.main(["lab", "--folder", str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_lab_asks_for_loopback_and_leaves_settings_alone(tmp_path):
    folder, scratch = tmp_path / "notebooks", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    arguments = cli.lab_arguments(folder, scratch, 9000)
    assert "--ServerApp.ip=127.0.0.1" in arguments
    assert "--ServerApp.port=9000" in arguments
    assert not any("token" in argument or "password" in argument for argument in arguments)
    assert f"--LabApp.app_settings_dir={scratch / 'settings'}" in arguments


def test_an_unknown_stem_is_refused_in_words(capsys):
    assert cli.main(["claims", "no_such_mechanism"]) == 2
    assert "no_such_mechanism" in capsys.readouterr().err


def test_lab_shows_nbgrader_in_the_folder_of_a_course_only(tmp_path):
    pytest.importorskip("nbgrader")
    lessons, course = tmp_path / "notebooks", tmp_path / "course"
    for folder in (lessons, course):
        folder.mkdir()
        (tmp_path / f"scratch-{folder.name}").mkdir()
    (course / "nbgrader_config.py").touch()
    told = {each: cli.lab_arguments(each, tmp_path / f"scratch-{each.name}") for each in (lessons, course)}
    assert "--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=False" in told[lessons]
    assert "@jupyter/nbgrader" in (tmp_path / "scratch-notebooks/settings/page_config.json").read_text()
    assert not any("server_extensions" in argument for argument in told[course])
    assert not (tmp_path / "scratch-course/settings/page_config.json").exists()


def test_a_pipe_that_lacks_a_sign_gets_a_question_mark(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", narrow)
    monkeypatch.setattr("labkit.doctor.doctor", lambda: Report((Finding("ok", "✓ there"),)))
    assert cli.main(["doctor"]) == 0
    narrow.flush()
    assert b"? there" in narrow.buffer.getvalue()


@pytest.fixture
def echo(monkeypatch, tmp_path):
    """A mechanism of its own, with a claim, a table behind a figure, and a model to ask."""
    import pandas as pd

    from labkit import ledger, llm
    from labkit.dialogue import Message
    from labkit.ledger import Claim, _measure
    from labkit.llm.questions import Question

    asked = Question("arithmetic", "What is the result of 1+1?", "2", ("3",), "")
    claim = Claim("half", "trust halves the spread", "abstract", paper_value=0.5, tolerance=0.1, missing="the data")

    def record(chat):
        for number in range(3):
            chat([Message("user", asked.prompt)], seed=number)
            yield number + 1, 3

    @contextmanager
    def local_server(threads, cache):
        yield llm.Scripted([asked], llm.of_accuracy(1.0), name=f"a script in {threads} threads")

    module = SimpleNamespace(record=record, TABLES={"echo.csv": lambda: pd.DataFrame({"x": [1, 2]})}, half=claim)
    monkeypatch.setitem(sys.modules, "labkit.claims.echo", module)
    monkeypatch.setattr(ledger, "stems", lambda: ("echo",))
    for name in ("labkit.ledger._record", "labkit.ledger._sweeps", "labkit.cli"):
        monkeypatch.setattr(f"{name}.data_path", lambda name: tmp_path / name)
    monkeypatch.setattr(_measure, "stems", lambda: ("echo",))
    monkeypatch.setattr(llm, "local_server", local_server)
    return module


def test_claims_are_shown_and_at_full_budget_their_tables_are_written(echo, capsys, tmp_path):
    assert cli.main(["claims"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("echo\n\n")
    assert "not testable" in shown and not (tmp_path / "echo.csv").exists()
    assert cli.main(["claims", "echo", "--full"]) == 0
    assert "wrote echo.csv" in capsys.readouterr().out
    assert (tmp_path / "echo.csv").read_text() == "x\n1\n2\n"


def test_what_a_lesson_asks_is_recorded_once(echo, capsys, tmp_path):
    assert cli.main(["record", "echo", "--threads", "2"]) == 0
    assert "3 answers of a script in 2 threads" in capsys.readouterr().out
    first = (tmp_path / "echo_answers.jsonl").read_text()
    assert cli.main(["record", "echo", "--threads", "2"]) == 0
    assert (tmp_path / "echo_answers.jsonl").read_text() == first


def test_a_mechanism_that_asks_no_model_has_nothing_to_record(echo, capsys):
    del echo.record
    for stem in ("echo", "nobody"):
        assert cli.main(["record", stem]) == 2
        assert f"labkit record: '{stem}' is no mechanism that asks a model" in capsys.readouterr().err


def test_a_command_that_is_stopped_says_how_to_go_on(echo, capsys):
    echo.record = lambda chat: iter([(1, 3), _stop()])
    assert cli.main(["record", "echo"]) == 130
    assert "labkit record: stopped; run it again to go on" in capsys.readouterr().err


def _stop():
    raise KeyboardInterrupt


def test_the_model_is_fetched_or_looked_for(monkeypatch, capsys, tmp_path):
    from labkit import llm

    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    assert cli.main(["model", "where"]) == 0
    assert "labkit model fetch" in capsys.readouterr().out

    def fetch(progress):
        progress(50, 100)
        llm.SMOLLM2.path.parent.mkdir(parents=True, exist_ok=True)
        llm.SMOLLM2.path.write_bytes(b"weights")
        progress(100, 100)
        return llm.SMOLLM2.path

    monkeypatch.setattr(llm, "fetch", fetch)
    assert cli.main(["model", "fetch"]) == cli.main(["model", "where"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(llm.SMOLLM2.path)] * 2
    assert "100/100" in shown.err


def test_lab_serves_the_folder_that_is_named(monkeypatch, tmp_path):
    served = []
    monkeypatch.setattr(cli, "_serve", lambda arguments: served.append(arguments) or 0)
    assert cli.main(["lab", "--folder", str(tmp_path)]) == cli.main(["lab"]) == 0
    assert f"--ServerApp.root_dir={tmp_path.resolve()}" in served[0]
    assert any(each.endswith("00_start_here.ipynb") for each in served[1])
    monkeypatch.setattr(cli, "is_checkout", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab"]) == 0
    assert f"--ServerApp.root_dir={tmp_path.resolve()}" in served[2]


def test_slides_are_written_and_a_notebook_that_is_not_there_is_named(tmp_path, capsys, checkout):
    notebook = str(checkout / "notebooks" / "00_start_here.ipynb")
    assert cli.main(["slides", notebook, "--out", str(tmp_path)]) == 0
    (page,) = capsys.readouterr().out.split()
    assert "<html" in Path(page).read_text(encoding="utf-8")
    assert cli.main(["slides", "nowhere.ipynb", "--out", str(tmp_path)]) == 2
    assert "nowhere.ipynb" in capsys.readouterr().err


def test_the_readme_and_the_glossary_are_written(capsys, monkeypatch):
    from labkit import glossary, readme

    monkeypatch.setattr(readme, "fill", lambda text: text)
    written = {}
    for module in (readme, glossary):
        monkeypatch.setattr(module, "write_text", lambda path, text: written.update({path.name: text}))
    assert cli.main(["readme"]) == 0
    assert capsys.readouterr().out.count("is up to date") == 2
    assert set(written) == {"README.md", "glossary.md"}
    assert all(text.startswith("# ") for text in written.values())
