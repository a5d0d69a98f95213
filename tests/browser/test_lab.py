"""`labkit lab` serves the reader, and nobody else."""

import psutil
import pytest
from browser.driver import open_notebook, status

pytestmark = pytest.mark.browser


@pytest.fixture
def server(labs):
    return labs("subshells")


def test_a_token_is_asked_for(server):
    assert status(server, "/api/contents") == 403
    assert status(server, "/api/contents", "wrong") == 403
    assert status(server, "/api/contents", server.token) == 200


def test_it_listens_on_loopback_only(server):
    process = psutil.Process(server.process.pid)
    addresses = {
        connection.laddr.ip
        for one in (process, *process.children(recursive=True))
        for connection in one.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses
    assert addresses <= {"127.0.0.1", "::1"}


def test_it_prints_the_address_of_the_first_notebook(server, checkout):
    if (checkout / "notebooks" / "00_start_here.ipynb").is_file():
        assert f"{server.address}/lab/tree/00_start_here.ipynb?token=" in server.log.read_text()


def test_nothing_pops_up(server, page, checkout):
    first = min(path.name for path in (checkout / "notebooks").glob("*.ipynb"))
    open_notebook(page, server, first)
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
