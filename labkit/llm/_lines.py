"""The lines of a recording: what may stand in one, reading those that are new, and adding some."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Literal

import pydantic

from labkit.llm._identity import digest

_SHOWN = 3  # wrong lines that a warning names
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RecordingError(RuntimeError):
    """A recording cannot be read or added to; the message says why and what helps."""


class _Line(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class Head(_Line):
    """The first line: whose answers these are."""

    recording: Literal[1]
    model: str
    weights: str | None


class Session(_Line):
    """Written before the first new answer of a session: when, and by what."""

    session: str
    engine: str
    labkit: str


class Answer(_Line):
    """One answer. `check` is a digest of the rest: a line changed by hand is noticed."""

    key: str = pydantic.Field(pattern="^[0-9a-f]{32}$")
    text: str
    prompt_tokens: int = pydantic.Field(ge=0)
    completion_tokens: int = pydantic.Field(ge=0)
    seconds: float = pydantic.Field(ge=0)
    logprobs: list[tuple[str, float]] | None = None
    check: str = ""

    def digest(self) -> str:
        """Return what `check` must be."""
        return digest(self.model_dump(exclude={"check"}, exclude_none=True, mode="json"), 12)

    def signed(self) -> Answer:
        """Return the answer with its check."""
        return self.model_copy(update={"check": self.digest()})


Line = Head | Session | Answer
_LINES: pydantic.TypeAdapter[Line] = pydantic.TypeAdapter(Line)


class Lines:
    """The file of a recording, to which any number of processes add lines.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._end, self._number = path, 0, 1

    def news(self) -> list[Line]:
        """Return the lines that are new since the last look; what is wrong is named in a warning and left out."""
        first, added = self._end == 0, self._added()
        whole, _, rest = added.rpartition(b"\n")
        # Another process may be writing it now: it is looked at again.
        half = rest if _torn(rest) else b""
        found, wrong = [], []
        for number, text in enumerate((whole if half else added).split(b"\n"), start=self._number):
            line = _read(text) if text.strip() else None
            if isinstance(line, str):
                wrong.append(f"line {number} {line}")
            elif line is not None:
                found.append(line)
        self._end += len(added) - len(half)
        self._number += added.count(b"\n")
        if half and first:
            wrong.append("it ends in half a line")
        if wrong:
            more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            warnings.warn(
                f"{self._path.name}: {'; '.join(wrong[:_SHOWN])}{more}. What stood there is left out, and asked for "
                "again where a model is at hand: restore the file, or delete these lines",
                stacklevel=4,
            )
        return found

    def add(self, lines: Sequence[Line]) -> None:
        """Write lines behind the last one, all or none; the caller holds the lock of the file.

        Raises
        ------
        OSError
            They cannot be written; the file is as it was.
        """
        dumped = [line.model_dump(exclude_none=isinstance(line, Answer), mode="json") for line in lines]
        left = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in dumped).encode()
        with self._path.open("ab+", buffering=0) as file:
            before = _mended(file)
            try:
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(before)
                raise

    def _added(self) -> bytes:
        size = self._path.stat().st_size if self._path.is_file() else 0
        if size == self._end:
            return b""
        if size < self._end:
            # Somebody put another file in its place.
            self._end, self._number = 0, 1
        with self._path.open("rb") as file:
            file.seek(self._end)
            return file.read()


def _read(text: bytes) -> Line | str:
    """Return what stands in a line, or in words what is wrong with it."""
    try:
        line = _LINES.validate_json(text.removeprefix(_BYTE_ORDER_MARK))
    except pydantic.ValidationError as error:
        return f"is no line of a recording ({error.errors(include_url=False, include_input=False)[0]['msg']})"
    if isinstance(line, Answer) and line.check != line.digest():
        return "was changed after it was recorded"
    return line


def _torn(text: bytes) -> bool:
    """Whether this is the beginning of a line, and not all of it."""
    try:
        json.loads(text.strip() or b"null")
    except ValueError:
        return True
    return False


def _mended(file: FileIO) -> int:
    """Cut off what an interrupted write left behind, end a line that is whole, and return where the file ends now."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 1))
    if not end or file.read(1) == b"\n":
        return end
    file.seek(0)
    rest = file.read().rpartition(b"\n")[2]
    if _torn(rest):
        return file.truncate(end - len(rest))
    file.write(b"\n")
    return end + 1
