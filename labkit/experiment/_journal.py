"""Finished results of a sweep, kept in a folder: a line each, so that a million of them are still one file."""

from __future__ import annotations

import json
import os
import time
import uuid
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit.experiment._task import Values
from labkit.kept import fingerprint


class Journal:
    """What one function has given so far, as JSON lines in files of its own folder.

    Each sweep that computes something adds one file and writes to no other, so several may share the folder,
    also over a network. A line holds what was asked (as a digest), words for a reader, the result and a check.
    """

    def __init__(self, folder: Path, who: str) -> None:
        self.folder, self._home = folder, folder / who[:16]
        self._file: int | None = None
        self._path = self._home / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:12]}.jsonl"
        self._length = 0
        self._waiting = bytearray()
        self._warned, self._again_at = False, 0.0

    def read(self) -> tuple[dict[str, Values], list[str]]:
        """Return the results by key, and in words which lines are damaged."""
        found: dict[str, Values] = {}
        damaged: list[str] = []
        for path in sorted(self._home.glob("*.jsonl")):
            with path.open(encoding="utf-8", errors="replace") as lines:
                for number, line in enumerate(lines, start=1):
                    try:
                        key, result = _parse(line)
                        found[key] = result
                    except (ValueError, KeyError, TypeError) as error:
                        damaged.append(f"{path}, line {number}, is damaged or was changed by hand ({error})")
        return found, damaged

    def open(self) -> None:
        """Begin a file, so that a folder that cannot be written to is noticed before anything is computed.

        Raises
        ------
        ValueError
            Nothing can be kept there.
        """
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise ValueError(
                f"folder = {str(self.folder)!r}: nothing can be kept there ({error.strerror}); make room, or take "
                "another folder"
            ) from error

    def write(self, key: str, result: Values, note: str) -> None:
        """Keep a result. While the disk is full it waits in memory, and is tried again every second."""
        line = {"key": key, "note": note, "result": result, "check": _check(key, result)}
        self._waiting += json.dumps(line).encode() + b"\n"
        if time.monotonic() < self._again_at:
            return
        try:
            self._flush()
        except OSError as error:
            self._again_at = time.monotonic() + 1
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"results cannot be kept in {self.folder} ({error.strerror}): make room. The sweep goes on and "
                    "holds them in memory; they are written as soon as there is room",
                    stacklevel=4,
                )

    def close(self) -> None:
        """End the file; it is removed if nothing came to stand in it."""
        if self._file is None:
            return
        try:
            self._flush()
        except OSError as error:
            lost = self._waiting.count(b"\n")
            warnings.warn(
                f"{lost} results could not be kept in {self.folder} ({error.strerror}). The table holds them; a second "
                "call would compute them again",
                stacklevel=4,
            )
        os.close(self._file)
        self._file = None
        if self._length == 0:
            self._path.unlink(missing_ok=True)

    def _flush(self) -> None:
        """Write what waits, as whole lines or not at all."""
        assert self._file is not None
        if not self._waiting:
            return
        try:
            written = os.write(self._file, self._waiting)
            # A disk that has just become full takes a part.
            while written < len(self._waiting):
                written += os.write(self._file, self._waiting[written:])
        except OSError:
            os.ftruncate(self._file, self._length)
            os.lseek(self._file, self._length, os.SEEK_SET)
            raise
        self._length += written
        self._waiting.clear()


def _parse(line: str) -> tuple[str, Values]:
    if not line.endswith("\n"):
        raise ValueError("it is only half there")
    kept = json.loads(line)
    if kept["check"] != _check(kept["key"], kept["result"]):
        raise ValueError("its check is another")
    return kept["key"], kept["result"]


def _check(key: str, result: Any) -> str:
    return fingerprint([key, result])[:16]
