"""The labkit command."""

import io
import subprocess
import sys

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
