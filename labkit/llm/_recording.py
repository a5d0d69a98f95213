"""Answers of a model kept in a file: replayed without the model, added to with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import labkit
from labkit.dialogue import Message, Reply
from labkit.files import held, why
from labkit.llm._identity import Identity, key_of
from labkit.llm._lines import Answer, Head, Line, Lines, RecordingError, Session


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
        self.path, self._chat, self._lines = path, chat, Lines(path)
        self._answers: dict[str, Answer] = {}
        self._sessions: list[Session] = []
        self._head: Head | None = None
        self._in_session = False
        self._unwritten: list[Answer] = []
        self._lock = threading.Lock()
        self._take(self._lines.news())
        if self._head is None and chat is None:
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
            The answer could not be written. It is kept in memory and written as soon as that is possible, and no
            further answer is asked for before it is.
        """
        asked = {"seed": seed, "temperature": temperature, "max_tokens": max_tokens, "stop": stop}
        key = key_of(self.identity, messages, options=options, **asked)  # type: ignore[arg-type]
        if (known := self._known(key)) is not None:
            return known
        start = time.perf_counter()
        reply = self._live()(messages, **asked, **options)
        return self._keep(key, reply, time.perf_counter() - start)

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
        if (known := self._known(key)) is not None:
            return known
        start = time.perf_counter()
        reply = await self._live().ask(messages, **asked, **options)
        return self._keep(key, reply, time.perf_counter() - start)

    def _live(self) -> Recordable:
        if self._chat is None:
            raise MissingRecording(f"{self.path.name} does not hold this answer: {_remedy(self.path)}")
        return self._chat

    def _reply(self, answer: Answer) -> Reply:
        told = tuple(answer.logprobs) if answer.logprobs else None
        return Reply(
            answer.text, self.identity.model, answer.prompt_tokens, answer.completion_tokens, told, source="recorded"
        )

    def _known(self, key: str) -> Reply | None:
        """Return the answer on record, also one that another process has added since the last look."""
        with self._lock:
            if key not in self._answers:
                self._take(self._lines.news())
            try:
                self._write()
            except RecordingError:
                # Nothing more is paid for while there is no room for it.
                if key not in self._answers:
                    raise
            answer = self._answers.get(key)
        return self._reply(answer) if answer is not None else None

    def _keep(self, key: str, reply: Reply, seconds: float) -> Reply:
        """Write an answer the moment it is there: what has been paid for is never asked again.

        Where another process was faster, its answer stands, and is returned.
        """
        answer = Answer(
            key=key,
            text=reply.text,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            seconds=round(seconds, 3),
            logprobs=[(token, round(value, 5)) for token, value in reply.logprobs] if reply.logprobs else None,
        ).signed()
        with self._lock:
            self._unwritten.append(answer)
            try:
                self._write()
            finally:
                self._answers.setdefault(key, answer)
            return reply if self._answers[key] == answer else self._reply(self._answers[key])

    def _write(self) -> None:
        """Add what is not written yet; what cannot be written stays in memory, in order."""
        if not self._unwritten:
            return
        try:
            with held(self.path):
                self._take(self._lines.news())
                self._whose()
                new = [answer for answer in self._unwritten if self._answers.setdefault(answer.key, answer) is answer]
                opening = [] if self._in_session or not new else self._opening()
                self._lines.add([*opening, *new])
        except OSError as error:
            raise RecordingError(
                f"{self.path} cannot be written ({why(error)}). Not written yet: {len(self._unwritten)}, kept in "
                "memory and written with the next question; what was written before is whole"
            ) from None
        self._take(self._lines.news())
        self._in_session = self._in_session or bool(opening)
        self._unwritten = []

    def _opening(self) -> list[Line]:
        """Return the lines that come before the first answer of a session."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        engine = self._chat.engine if self._chat else ""
        session = Session(session=now, engine=engine, labkit=labkit.__version__)
        if self._head is not None:
            return [session]
        return [Head(recording=1, model=self.identity.model, weights=self.identity.weights), session]

    def _whose(self) -> Identity:
        asked = self._chat.identity if self._chat else None
        kept = Identity(self._head.model, self._head.weights) if self._head is not None else asked
        assert kept is not None
        if asked is not None and asked != kept:
            raise RecordingError(f"{self.path} holds answers of {kept}, not of {asked}: choose another file")
        return kept

    def _take(self, lines: Iterable[Line]) -> None:
        for line in lines:
            match line:
                case Head():
                    if self._head not in (None, line):
                        raise RecordingError(f"{self.path} holds answers of {self._head} and {line}: part them")
                    self._head = line
                case Session():
                    self._sessions.append(line)
                case Answer():
                    self._answers.setdefault(line.key, line)
        if self._head is None and self._answers:
            raise RecordingError(f"{self.path} does not begin with the line that names the model: restore the file")


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
        The file does not begin with the line that names the model, or holds answers of another one.

    Warns
    -----
    UserWarning
        Lines are damaged or were changed by hand; they are named, and their answers are left out.
    """
    return Recorded(Path(path), chat)


def _remedy(path: Path) -> str:
    stem = path.stem.removesuffix("_answers")
    return f"`labkit record {stem}` records what is missing, with the local model"
