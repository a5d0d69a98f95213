"""Answers of a model kept in a file: replayed without the model, added to with it."""

from __future__ import annotations

import json
import os
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import pydantic

import labkit
from labkit.dialogue import Message, Reply
from labkit.llm._identity import Identity, digest, key_of


class RecordingError(RuntimeError):
    """A recording cannot be read or added to; the message says why and what helps."""


class MissingRecording(LookupError):
    """What was asked is not in the recording; the message names the way to record it."""


class Recordable(Protocol):
    """A chat that can be recorded: it says which model it is and what runs it."""

    identity: Identity
    engine: str

    def __call__(self, messages: Sequence[Message], **asked: Any) -> Reply:
        """Return the answer."""
        ...

    async def ask(self, messages: Sequence[Message], **asked: Any) -> Reply:
        """Return the answer, to be awaited."""
        ...


class _Line(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class _Head(_Line):
    """The first line: whose answers these are."""

    recording: Literal[1]
    model: str
    weights: str | None


class _Session(_Line):
    """Written before the first new answer of a session: when, and by what."""

    session: str
    engine: str
    labkit: str


class _Answer(_Line):
    """One answer. `check` is a digest of the rest: a line changed by hand is noticed."""

    key: str = pydantic.Field(pattern="^[0-9a-f]{32}$")
    text: str
    prompt_tokens: int = pydantic.Field(ge=0)
    completion_tokens: int = pydantic.Field(ge=0)
    seconds: float = pydantic.Field(ge=0)
    logprobs: list[tuple[str, float]] | None = None
    check: str = ""

    def digest(self) -> str:
        return digest(self.model_dump(exclude={"check"}, exclude_none=True, mode="json"), 12)


_LINES: pydantic.TypeAdapter[_Head | _Session | _Answer] = pydantic.TypeAdapter(_Head | _Session | _Answer)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the answers of a recording come from.

    Attributes
    ----------
    model : str
        The model's name.
    weights : str or None
        The SHA-256 of its weights.
    answers : int
        How many there are.
    seconds : float
        How long the model took for them in all.
    sessions : tuple of (str, str)
        Date and engine of each session that added some.
    """

    model: str
    weights: str | None
    answers: int
    seconds: float
    sessions: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return it as a sentence."""
        dates = sorted({date[:10] for date, _ in self.sessions})
        engines = ", ".join(sorted({engine for _, engine in self.sessions}))
        return (
            f"{self.answers} answers of {self.model} (weights {(self.weights or 'unknown')[:12]}), recorded with "
            f"{engines} on {' and '.join(dates)} in {self.seconds / 60:.0f} minutes."
        )


class Recorded:
    """A chat that answers from a file; made by `recorded`."""

    def __init__(self, path: Path, chat: Recordable | None) -> None:
        self.path, self._chat = path, chat
        self._answers: dict[str, _Answer] = {}
        self._sessions: list[_Session] = []
        self._head: _Head | None = None
        self._in_session = False
        self._unwritten: list[_Line] = []
        self._lock = threading.Lock()
        if path.is_file():
            self._load()
        elif chat is None:
            raise FileNotFoundError(f"there is no recording {path}: {_remedy(path)}")
        self.identity = self._whose()

    def __repr__(self) -> str:
        """Return the file and how many answers it holds."""
        return f"<{len(self._answers)} recorded answers of {self.identity.model} in {self.path.name}>"

    def __len__(self) -> int:
        """Return how many answers are recorded."""
        return len(self._answers)

    @property
    def engine(self) -> str:
        """What ran the model in the last session."""
        return self._sessions[-1].engine if self._sessions else "not recorded yet"

    @property
    def provenance(self) -> Provenance:
        """Where the answers come from."""
        sessions = tuple((session.session, session.engine) for session in self._sessions)
        seconds = sum(answer.seconds for answer in self._answers.values())
        return Provenance(self.identity.model, self.identity.weights, len(self), seconds, sessions)

    def __call__(
        self,
        messages: Sequence[Message],
        *,
        seed: int | None = None,
        temperature: float = 0.0,
        max_tokens: int = 256,
        stop: Sequence[str] = (),
        **options: Any,
    ) -> Reply:
        """Return the recorded answer; ask the model, where there is one, for what is not recorded.

        Raises
        ------
        MissingRecording
            It is not recorded and there is no model to ask.
        RecordingError
            The answer could not be written; it is kept in memory, and written with the next one.
        """
        asked = {"seed": seed, "temperature": temperature, "max_tokens": max_tokens, "stop": stop}
        key = key_of(self.identity, messages, options=options, **asked)  # type: ignore[arg-type]
        if key in self._answers:
            return self._reply(self._answers[key])
        start = time.perf_counter()
        reply = self._live()(messages, **asked, **options)
        self._keep(key, reply, time.perf_counter() - start)
        return reply

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        seed: int | None = None,
        temperature: float = 0.0,
        max_tokens: int = 256,
        stop: Sequence[str] = (),
        **options: Any,
    ) -> Reply:
        """Return the same answer as a call, to be awaited.

        Raises
        ------
        MissingRecording, RecordingError
            As for a call.
        """
        asked = {"seed": seed, "temperature": temperature, "max_tokens": max_tokens, "stop": stop}
        key = key_of(self.identity, messages, options=options, **asked)  # type: ignore[arg-type]
        if key in self._answers:
            return self._reply(self._answers[key])
        start = time.perf_counter()
        reply = await self._live().ask(messages, **asked, **options)
        self._keep(key, reply, time.perf_counter() - start)
        return reply

    def _live(self) -> Recordable:
        if self._chat is None:
            raise MissingRecording(f"{self.path.name} does not hold this answer: {_remedy(self.path)}")
        return self._chat

    def _reply(self, answer: _Answer) -> Reply:
        told = tuple(answer.logprobs) if answer.logprobs else None
        return Reply(
            answer.text, self.identity.model, answer.prompt_tokens, answer.completion_tokens, told, source="recorded"
        )

    def _keep(self, key: str, reply: Reply, seconds: float) -> None:
        """Write an answer the moment it is there: what has been paid for is never asked again."""
        answer = _Answer(
            key=key,
            text=reply.text,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            seconds=round(seconds, 3),
            logprobs=[(token, round(value, 5)) for token, value in reply.logprobs] if reply.logprobs else None,
        )
        answer = answer.model_copy(update={"check": answer.digest()})
        with self._lock:
            self._answers[key] = answer
            if not self._in_session:
                self._unwritten += self._opening()
                self._in_session = True
            # What could not be written stays in the queue, in order, and is written with what comes next.
            self._unwritten.append(answer)
            try:
                _append(self.path, self._unwritten)
            except OSError as error:
                raise RecordingError(f"{self.path} cannot be written ({error.strerror}): free some space") from error
            self._unwritten = []

    def _opening(self) -> list[_Line]:
        """Return the lines that come before the first answer of a session."""
        engine = self._chat.engine if self._chat else ""
        session = _Session(
            session=datetime.now(UTC).isoformat(timespec="seconds"), engine=engine, labkit=labkit.__version__
        )
        self._sessions.append(session)
        if self._head is not None:
            return [session]
        self._head = _Head(recording=1, model=self.identity.model, weights=self.identity.weights)
        return [self._head, session]

    def _whose(self) -> Identity:
        asked = self._chat.identity if self._chat else None
        if self._head is None:
            assert asked is not None
            return asked
        kept = Identity(self._head.model, self._head.weights)
        if asked is not None and asked != kept:
            raise RecordingError(f"{self.path} holds answers of {kept}, not of {asked}: choose another file")
        return kept

    def _load(self) -> None:
        text = self.path.read_text(encoding="utf-8")
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                self._take(number, line, last=not text.endswith("\n") and number == text.count("\n") + 1)
        if self._head is None and self._answers:
            raise RecordingError(f"{self.path} does not begin with the line that names the model: restore the file")

    def _take(self, number: int, line: str, *, last: bool) -> None:
        try:
            read = _LINES.validate_json(line)
        except pydantic.ValidationError as error:
            if last:
                warnings.warn(f"{self.path.name} ends in half a line: that answer is asked for again", stacklevel=5)
                return
            why = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise RecordingError(f"{self.path}, line {number}, is no line of a recording ({why}): restore it") from None
        match read:
            case _Head():
                self._head = self._head or read
            case _Session():
                self._sessions.append(read)
            case _Answer():
                if read.check != read.digest():
                    raise RecordingError(f"{self.path}, line {number}, was changed after it was recorded: restore it")
                self._answers[read.key] = read


def recorded(path: Path | str, chat: Recordable | None = None) -> Recorded:
    """Return a chat that replays the answers in a file.

    Parameters
    ----------
    path : Path or str
        A file of JSON lines. The name of labkit's own is ``<stem>_answers.jsonl``.
    chat : Endpoint or another that says which model it is, optional
        Who is asked for what the file does not hold; each answer is added to the file as it arrives. Without it,
        what is missing is an error.

    Raises
    ------
    FileNotFoundError
        There is no such file, and no chat to make it.
    RecordingError
        The file is damaged, was changed by hand, or holds answers of another model.
    """
    return Recorded(Path(path), chat)


def _append(path: Path, lines: Sequence[_Line]) -> None:
    dumped = [line.model_dump(exclude_none=isinstance(line, _Answer), mode="json") for line in lines]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in dumped)
    path.parent.mkdir(parents=True, exist_ok=True)
    _drop_half_line(path)
    with path.open("ab") as file:
        # One write: two processes that add to the same file do not mix their lines.
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _drop_half_line(path: Path) -> None:
    """Cut off what an interrupted write left behind."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def _remedy(path: Path) -> str:
    stem = path.stem.removesuffix("_answers")
    return f"`labkit record {stem}` records what is missing, with the local model"
