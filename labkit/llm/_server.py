"""A small real model on this machine's own processor, behind the same door as any other."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from types import TracebackType
from typing import IO, Any

from labkit.llm._endpoint import Endpoint
from labkit.llm._weights import SMOLLM2, ModelUnavailable, Weights, checked

_START_SECONDS = 60


class _Local(Endpoint):
    """The endpoint of the local server; its key is made up for the occasion."""

    def __init__(self, url: str, key: str, weights: Weights, slots: int, cache: bool) -> None:
        self._secret = key
        super().__init__(
            url,
            weights.model,
            weights=weights.sha256,
            engine=engine_version() + (", prompt cache on" if cache else ""),
            concurrency=slots,
            retries=1,
            defaults={"cache_prompt": cache},
        )

    def _key(self) -> str:
        return self._secret


class LocalServer:
    """A model server in a child process, on loopback, with a random port and key; made by `local_server`."""

    def __init__(self, weights: Weights, slots: int, threads: int, context: int, cache: bool) -> None:
        self._weights, self._slots, self._threads, self._context = weights, slots, threads, context
        self._cache = cache
        self._process: subprocess.Popen[str] | None = None
        # What the engine says; it lives as long as the child.
        self._log: IO[str] | None = None

    def __enter__(self) -> Endpoint:
        """Start it and return the endpoint to talk to."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> Endpoint:
        """Start it and return the endpoint to talk to.

        Raises
        ------
        ModelUnavailable
            The engine or the weights are missing, or the engine does not start.
        """
        if self._process is not None:
            raise ModelUnavailable("this server runs already: stop it before it is started again")
        key = secrets.token_urlsafe(24)
        asked = {
            "weights": str(_weights_of(self._weights)), "model": self._weights.model, "key": key,
            "slots": self._slots, "threads": self._threads, "context": self._context,
        }  # fmt: skip
        self._log = log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # Waiting threads of libgomp spin: on a busy machine that made the model a hundred times slower.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "labkit.llm._serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"GOMP_SPINCOUNT": "1000"},
        )
        try:
            url = self._greet(asked)
        except BaseException as error:
            self._process.kill()
            log.seek(0)
            last = log.read().strip().splitlines()[-1:] or [str(error)]
            self.stop()
            if isinstance(error, OSError | ValueError | KeyError):
                raise ModelUnavailable(f"the engine did not start: {last[0][:300]}") from None
            raise
        return _Local(url, key, self._weights, self._slots, self._cache)

    def stop(self) -> None:
        """Stop it; nothing happens where it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()
            process.wait(timeout=3)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        finally:
            for pipe in (process.stdout, self._log):
                if pipe is not None:
                    pipe.close()

    def _greet(self, asked: dict[str, Any]) -> str:
        """Say what to serve and return the address; a child that says nothing is ended."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        alarm = threading.Timer(_START_SECONDS, process.kill)
        alarm.start()
        try:
            return str(json.loads(process.stdout.readline())["url"])
        finally:
            alarm.cancel()


def local_server(
    *,
    slots: int = 1,
    threads: int | None = None,
    context: int = 2048,
    cache: bool = False,
    weights: Weights = SMOLLM2,
) -> LocalServer:
    """Return a server for the local model, to be used with ``with``: it is gone at the end, and with this process.

    Parameters
    ----------
    slots : int
        How many answers are computed at once, 1 to 16. One makes a seed reproducible whatever is asked beside it.
    threads : int, optional
        Threads of the engine, 1 to 64; without it one per core, at most 4.
    context : int
        Tokens that a conversation may hold, prompt and answer together, 256 to 8192.
    cache : bool
        Whether the beginning of a prompt that was computed for the call before is used again. It is about four times
        faster where prompts begin alike, but the last bits then depend on what was asked before, and a seed alone
        does not fix the answer any more (here 110 of 135 stayed the same).
    weights : Weights
        Which model.

    Returns
    -------
    LocalServer
        ``with local_server() as chat: chat([Message("user", "Hello")], seed=1)``.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    threads = threads if threads is not None else min(4, os.cpu_count() or 1)
    for name, value, low, high in (
        ("slots", slots, 1, 16),
        ("threads", threads, 1, 64),
        ("context", context, 256, 8192),
    ):
        if not low <= value <= high:
            raise ValueError(f"{name} = {value!r}: allowed is {low} to {high}")
    return LocalServer(weights, slots, threads, context, cache)


def engine_version() -> str:
    """Return name and version of the engine."""
    return f"xllamacpp {importlib.metadata.version('xllamacpp')}"


def missing() -> str:
    """Return what keeps the local model from running and how to mend it; empty where nothing does."""
    try:
        _weights_of(SMOLLM2)
    except ModelUnavailable as error:
        return str(error)
    return ""


def _weights_of(weights: Weights) -> Any:
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelUnavailable("the engine is not installed: run `pip install 'labkit[local]'` (39 MB)")
    return checked(weights)
