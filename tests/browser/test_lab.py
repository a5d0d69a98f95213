"""`labkit lab` serves the reader, and nobody else."""

import http.client
import uuid
from contextlib import suppress
from urllib.parse import urlsplit

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


def answer(server, path, **headers):
    """Return the status and the address it is sent on to."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.getheader("Location") or ""


def test_who_has_no_token_is_sent_to_the_door(server):
    for path in ("/lab", "/tree", "/notebooks/00_start_here.ipynb"):
        code, where = answer(server, path)
        assert code == 302 and where.startswith("/login?")
    for path in (
        "/api/kernels",
        "/api/terminals",
        "/files/00_start_here.ipynb",
        f"/api/kernels/{uuid.uuid4()}/channels",
    ):
        assert answer(server, path)[0] in {302, 403}, path
    # Other users of the machine can list what a process was started with.
    assert server.token not in " ".join(psutil.Process(server.process.pid).cmdline())


def test_a_page_from_elsewhere_reaches_nothing_even_with_the_token(server):
    token = {"Authorization": f"token {server.token}"}
    # A name that was made to point to this machine is no way in.
    assert answer(server, "/api/contents", Host="evil.example", **token)[0] == 403
    kernel = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "https://evil.example"}
    keys = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    assert answer(server, "/api/events/subscribe", **kernel, **keys)[0] == 403


def test_it_listens_on_loopback_only(server):
    process = psutil.Process(server.process.pid)
    addresses = set()
    for one in (process, *process.children(recursive=True)):
        # A child may have ended by now.
        with suppress(psutil.NoSuchProcess):
            sockets = one.net_connections(kind="inet")
            addresses |= {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert addresses
    assert addresses <= {"127.0.0.1", "::1"}


def test_it_prints_the_address_of_the_first_notebook(server, checkout):
    if (checkout / "notebooks" / "00_start_here.ipynb").is_file():
        assert f"{server.address}/lab/tree/00_start_here.ipynb?token=" in server.log.read_text()


def test_nothing_pops_up(server, page, checkout):
    first = min(path.name for path in (checkout / "notebooks").glob("*.ipynb"))
    open_notebook(page, server, first)
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
