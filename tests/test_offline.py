"""The tests and the kernels they start cannot reach anything outside this machine."""

import socket
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

OUTSIDE = "192.0.2.1"  # reserved for documentation: nobody is there


def test_this_process_is_cut_off():
    with pytest.raises(OSError, match="the network is cut off in tests: 192.0.2.1"):
        socket.create_connection((OUTSIDE, 80), timeout=1)
    with pytest.raises(OSError, match="cut off"):
        socket.getaddrinfo("example.org", 80)


def test_loopback_works():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass


def test_child_processes_are_cut_off():
    code = f"import socket; socket.create_connection(('{OUTSIDE}', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "the network is cut off in tests" in done.stderr


def test_kernels_are_cut_off():
    code = f"import socket\ntry: socket.create_connection(('{OUTSIDE}', 80), 1)\nexcept OSError as e: print(e)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    assert "the network is cut off in tests" in notebook.cells[0].outputs[0].text
