"""What holds for every test: no network, caches out of the way, browser tests last."""

import os
import runpy
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
