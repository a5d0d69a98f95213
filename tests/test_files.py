"""A file is written as a whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from labkit.files import data_path, home, write_text


def test_data_lie_where_the_atlas_is():
    assert data_path("papers.csv").is_file()
    assert data_path("papers.csv").parent.parent == home()


def test_text_is_written_as_given_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "text.csv"
    write_text(path, "a,é\r\nb\n")
    assert path.read_bytes() == "a,é\r\nb\n".encode()
    write_text(path, "shorter")
    assert path.read_text() == "shorter"
    assert [entry.name for entry in path.parent.iterdir()] == ["text.csv"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "text.csv"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    with pytest.raises(TypeError):
        write_text(path, 3)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask on Windows")
def test_others_may_read_it_as_any_new_file(tmp_path):
    write_text(tmp_path / "ours", "text")
    (tmp_path / "theirs").write_text("text")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_reader_never_finds_a_part_and_a_kill_leaves_one_whole(tmp_path):
    path = tmp_path / "text"
    code = (
        "import pathlib, sys\nfrom labkit.files import write_text\n"
        "n = 0\nwhile True:\n    n += 1\n    write_text(pathlib.Path(sys.argv[1]), f'{n % 10}' * 300_000)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
    try:
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(50):
            text = path.read_text()
            assert len(text) == 300_000 and len(set(text)) == 1
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    text = path.read_text()
    assert len(text) == 300_000 and len(set(text)) == 1
