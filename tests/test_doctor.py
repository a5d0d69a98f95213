"""The doctor names what is missing, and how to mend it."""

import importlib

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


def test_the_front_end_is_guessed(monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    assert "serve Colab" in str(doctor())


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
