"""The doctor names what is missing, and how to mend it."""

import importlib
import os
import re
import sys
from types import SimpleNamespace

import pytest

from labkit import front_end as front_ends
from labkit.doctor import doctor


def problems():
    return [finding for finding in doctor().findings if finding.state == "problem"]


def test_this_environment_is_healthy():
    assert problems() == []
    assert doctor().healthy


def test_a_missing_package_is_named_with_its_cure(monkeypatch):
    real = importlib.import_module

    def without_anywidget(name):
        if name == "anywidget":
            raise ImportError("No module named 'anywidget'")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without_anywidget)
    (problem,) = problems()
    assert "no live plot appears" in problem.what
    assert "pip install --upgrade anywidget" in problem.mend
    assert not doctor().healthy


def test_an_old_package_is_named(monkeypatch):
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "5.24.1" if name == "plotly" else real(name))
    (problem,) = problems()
    assert problem.what.startswith("plotly 5.24.1 is too old")


def test_a_missing_extension_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path)])
    assert ["extension" in problem.what for problem in problems()].count(True) == 2


def test_a_kernel_of_another_environment_is_named(monkeypatch):
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    spec = KernelSpec(argv=["/elsewhere/bin/python", "-m", "ipykernel_launcher"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: spec)
    (problem,) = problems()
    assert "/elsewhere/bin/python" in problem.what


# Variables and commands as the front ends leave them.
VOILA = {"VOILA_BASE_URL": "/", "VOILA_PREHEAT": "False"}
TERMINAL = {"VSCODE_PID": "77", "JPY_SESSION_NAME": "notebooks/11.ipynb"}
LAB = "/opt/env/bin/python3.11 /opt/env/bin/jupyter-lab --port 8888"
NOTEBOOK = "/opt/env/bin/python /opt/env/bin/jupyter-notebook"


@pytest.fixture
def kernel(monkeypatch):
    """A function that makes this process look like a kernel with such variables and such a parent."""

    def look_like(command="", names=(), notebook="7.5.0", **variables):
        for name in [name for name in os.environ if name.startswith(("VSCODE", "VOILA", "COLAB", "JPY"))]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        shell = SimpleNamespace(kernel=object(), user_ns=dict.fromkeys(names))
        monkeypatch.setattr(front_ends, "_shell", lambda: shell)
        monkeypatch.setattr(front_ends, "_command_line", lambda process: command)
        real = importlib.metadata.version
        monkeypatch.setattr(importlib.metadata, "version", lambda name: notebook if name == "notebook" else real(name))
        return front_ends.front_end()

    return look_like


def test_colab_is_known(kernel, monkeypatch):
    assert str(kernel(COLAB_RELEASE_TAG="release-colab")) == "this kernel serves Colab"
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert kernel().name == "Colab"
    assert "enable_custom_widget_manager" in kernel().advice
    assert "serves Colab" in str(doctor())


def test_vs_code_is_known_by_the_name_it_leaves_in_the_notebook(kernel):
    assert kernel(names=["__vsc_ipynb_file__"]) == front_ends.FrontEnd("VS Code", sure=True)
    assert str(kernel(VSCODE_PID="77")) == "this kernel seems to serve VS Code"


def test_voila_is_known(kernel):
    assert kernel(**VOILA) == front_ends.FrontEnd("Voila", sure=True)
    assert kernel("/opt/env/bin/python -m voila app.ipynb").name == "Voila"


def test_jupyterlab_is_known_by_its_server_in_a_terminal_of_vs_code_too(kernel):
    assert str(kernel(LAB)) == "this kernel seems to serve JupyterLab"
    assert kernel(LAB, **TERMINAL).name == "JupyterLab"
    assert kernel("/opt/env/bin/python -m labkit lab --port 9000").name == "JupyterLab"


def test_classic_notebook_is_known_with_its_version(kernel):
    assert kernel(NOTEBOOK).name == "Notebook 7"
    assert kernel(NOTEBOOK, notebook="6.5.7").name == "Notebook 6"
    assert "pip install --upgrade notebook" in kernel(NOTEBOOK, notebook="6.5.7").advice
    assert not doctor().healthy


def test_what_cannot_be_told_is_left_open(kernel, monkeypatch):
    assert kernel("/opt/hub/bin/jupyterhub-singleuser").name == "JupyterLab or Notebook"
    assert kernel("", **TERMINAL).name == "JupyterLab or Notebook"
    assert kernel("").name == kernel("python -m papermill in out").name == "a program that runs notebooks"
    monkeypatch.setattr(front_ends, "_shell", lambda: None)
    assert str(front_ends.front_end()) == "no front end is attached to this process"


def test_the_command_line_of_a_process_is_read():
    # A worker of xdist is a Python without a name, unless it has been given one.
    assert re.search("python|pytest", front_ends._command_line(str(os.getpid())))
    assert front_ends._command_line("") == ""
    assert front_ends._command_line("4194305") == ""


def test_a_panel_lets_colab_show_it(monkeypatch):
    from anywidget import _util
    from walks import Walk, simulate, world

    from labkit.explore import explore

    calls = []
    output = SimpleNamespace(enable_custom_widget_manager=lambda: calls.append(True))
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    _util.enable_custom_widget_manager_once.cache_clear()
    explore(simulate, Walk(), world, vary=["density"])
    assert calls == [True]


def test_missing_data_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("labkit.doctor.data_path", lambda name: tmp_path / name)
    assert len(problems()) == 2


def test_it_shows_itself_as_text_and_as_a_table(capsys):
    from labkit.cli import main

    assert main(["doctor"]) == 0
    assert "ok      plotly" in capsys.readouterr().out
    assert doctor()._repr_html_().startswith("<table>")


def test_a_missing_local_model_is_a_note_and_names_its_cure(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    (note,) = [finding for finding in doctor().findings if "recorded answers" in finding.what]
    assert note.state == "note"
    assert note.mend == "run `labkit model fetch` (93 MB, once)"


def test_a_kernel_that_is_not_there_is_named(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    (problem,) = problems()
    assert problem.what == "there is no kernel python3"
    assert problem.mend.endswith("-m pip install ipykernel")


def test_without_a_browser_panels_work_and_pictures_are_not_saved(monkeypatch):
    monkeypatch.setattr("labkit.publish.browser_path", lambda: None)
    (note,) = [finding for finding in doctor().findings if "Chromium" in finding.what]
    assert (note.state, note.mend) == ("note", "install one, or set CHROME_PATH to it")
    assert doctor().healthy


def test_an_engine_that_does_not_load_is_named(monkeypatch):
    real = importlib.import_module

    def without_engine(name):
        if name == "xllamacpp":
            raise ImportError("libgomp.so.1: cannot open shared object file")
        return real(name)

    monkeypatch.setattr("labkit.llm.missing", lambda: "")
    monkeypatch.setattr(importlib, "import_module", without_engine)
    (problem,) = problems()
    assert "does not load (libgomp.so.1" in problem.what
    assert problem.mend == "install libgomp1"
    monkeypatch.setattr(importlib, "import_module", lambda name: None if name == "xllamacpp" else real(name))
    monkeypatch.setattr("labkit.llm.engine_version", lambda: "an engine 1.0")
    assert "the local model is there: an engine 1.0" in str(doctor())
