"""Any server that speaks OpenAI's protocol, asked one question at a time or many at once."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from labkit.dialogue import Message, Reply
from labkit.llm._heard import answer_in, trouble
from labkit.llm._identity import Identity

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

_OWN_HOST, _NO_KEY = "api.openai.com", "none"


class EndpointError(RuntimeError):
    """A model server did not answer; the message says what happened and what helps. It never holds a key."""


@dataclass
class Meter:
    """What has been asked so far.

    Attributes
    ----------
    calls : int
        Answers received.
    prompt_tokens, completion_tokens : int
        Tokens read and written, as the server counts them.
    seconds : float
        Sum of the waiting times of all calls; calls that ran side by side count each.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    _lock: AbstractContextManager[Any] = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, reply: Reply, seconds: float) -> None:
        """Count one answer."""
        with self._lock:
            self.calls += 1
            self.prompt_tokens += reply.prompt_tokens
            self.completion_tokens += reply.completion_tokens
            self.seconds += seconds


class Endpoint:
    """A model behind a URL: OpenAI, vLLM, Ollama, LM Studio, llama.cpp, and whatever else speaks that protocol.

    Parameters
    ----------
    base_url : str
        For instance ``"https://api.openai.com/v1"`` or ``"http://127.0.0.1:11434/v1"``.
    model : str
        The model's name there.
    key_variable : str, optional
        The environment variable that holds the key: ``OPENAI_API_KEY`` for OpenAI's own server and
        ``LABKIT_API_KEY`` for any other, so that a key goes nowhere by mistake. A key is read from nowhere else,
        and never shown.
    timeout : float
        Seconds of silence until an answer is given up.
    retries : int
        How often a call is tried again after 429, 5xx, silence or a broken connection; the pause doubles each time,
        unless the server names one (Retry-After).
    concurrency : int
        How many calls may be under way at once.
    weights : str, optional
        A hash of the weights, where it is known; it becomes part of what a recording is keyed by.
    engine : str
        What runs the model, for the provenance of a recording.
    defaults : mapping, optional
        Options sent with every call that does not name them itself.

    Raises
    ------
    ValueError
        The URL is none or holds a password, a number is out of range, OpenAI's own server is asked without a key, the
        key holds signs that none holds, or it would leave this machine unencrypted.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        key_variable: str | None = None,
        timeout: float = 120.0,
        retries: int = 4,
        concurrency: int = 8,
        weights: str | None = None,
        engine: str = "OpenAI-compatible server",
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url = {base_url!r}: allowed is an address that begins with http:// or https://")
        host = urlsplit(base_url)
        if "@" in host.netloc:
            raise ValueError("base_url holds a name or password: put the key into an environment variable instead")
        if host.query or host.fragment:
            raise ValueError("base_url holds more than an address (what stands behind ? or #): leave that out")
        if not model:
            raise ValueError("model = '': the name of the model on that server is needed")
        key_variable = key_variable or ("OPENAI_API_KEY" if host.hostname == _OWN_HOST else "LABKIT_API_KEY")
        for name, value, least in (
            ("timeout", timeout, 0.001),
            ("retries", retries, 0),
            ("concurrency", concurrency, 1),
        ):
            if not value >= least:
                raise ValueError(f"{name} = {value!r}: allowed is a number from {least}")
        if host.hostname == _OWN_HOST and not os.environ.get(key_variable):
            raise ValueError(f"{base_url} wants a key: put it into the environment variable {key_variable}")
        self._loopback = host.hostname in ("localhost", "127.0.0.1", "::1")
        if host.scheme == "http" and not self._loopback and os.environ.get(key_variable):
            raise ValueError(f"{base_url} would get the key of {key_variable} unencrypted: use https://, or unset it")
        self.model, self.meter, self.engine = model, Meter(), engine
        self.identity = Identity(model, weights)
        self._base_url, self._key_variable, self._compared = base_url, key_variable, False
        self._key()
        self._timeout, self._retries, self._concurrency = timeout, retries, concurrency
        self._defaults = dict(defaults or {})
        self._slots = threading.BoundedSemaphore(concurrency)
        self._client: OpenAI | None = None
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[AsyncOpenAI, asyncio.Semaphore]]
        self._waiting = WeakKeyDictionary()
        self._making = threading.Lock()

    def __repr__(self) -> str:
        """Return where it is and which model answers; no key."""
        return f"Endpoint({self._base_url!r}, {self.model!r})"

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
        """Return the answer to `messages`; see `labkit.dialogue.Chat`.

        Raises
        ------
        EndpointError
            No answer came, or none that can be read.
        """
        asked = self._body(messages, seed, temperature, max_tokens, stop, options)
        with self._slots:
            start = time.perf_counter()
            try:
                heard = answer_in(self._sync().chat.completions.create(**asked), self._masked)
            except Exception as error:
                heard = self._trouble(error)
            reply = self._reply(heard)
        self.meter.add(reply, time.perf_counter() - start)
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
        EndpointError
            As for a call.
        """
        asked = self._body(messages, seed, temperature, max_tokens, stop, options)
        client, slots = self._async()
        async with slots:
            start = time.perf_counter()
            try:
                heard = answer_in(await client.chat.completions.create(**asked), self._masked)
            except Exception as error:
                heard = self._trouble(error)
            reply = self._reply(heard)
        self.meter.add(reply, time.perf_counter() - start)
        return reply

    def _body(
        self,
        messages: Sequence[Message],
        seed: int | None,
        temperature: float,
        max_tokens: int,
        stop: Sequence[str],
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": temperature,
            "max_tokens": max_tokens,
            # What only some servers know goes into the body as it is.
            "extra_body": {**self._defaults, **options},
        }
        if seed is not None:
            asked["seed"] = seed
        if stop:
            asked["stop"] = list(stop)
        return asked

    def _trouble(self, error: Exception) -> str:
        tries, hide = self._retries + 1, self._masked
        return trouble(error, tries=tries, timeout=self._timeout, key_variable=self._key_variable, hide=hide)

    def _reply(self, heard: Reply | str) -> Reply:
        """Return an answer, or raise what is said in its place.

        The client's own error is no part of what is raised, not even as its context: it holds what was sent.
        """
        if isinstance(heard, str):
            raise EndpointError(f"{self!r} {heard}")
        self._compare(heard.model)
        text = self._masked(heard.text)
        # A server that sends the key back gets it into no recording.
        return replace(heard, model=self.model, text=text, logprobs=heard.logprobs if text == heard.text else None)

    def _compare(self, told: str) -> None:
        """Warn once where another model answers than the one that was asked."""
        told, asked = told.casefold(), self.model.casefold()
        if self._compared or told in asked or asked in told:
            return
        self._compared = True
        warnings.warn(
            f"{self!r} answers as {self._masked(told)[:80]!r}: see whether that is the model you mean. Its answers "
            f"count as those of {self.model!r}",
            stacklevel=4,
        )

    def _key(self) -> str:
        """Return the key; servers on one's own machine want none, but the client insists on one."""
        key = os.environ.get(self._key_variable, "").strip() or _NO_KEY
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ValueError(f"{self._key_variable} holds a sign that no key holds: set it again")
        return key

    def _masked(self, text: str) -> str:
        key = self._key()
        return text if key == _NO_KEY else text.replace(key, "***")

    def _settings(self, client: Callable[..., Any]) -> dict[str, Any]:
        # What is asked of this machine goes through no proxy, whatever the environment names. And what is asked goes
        # where the reader sent it: no server passes it on.
        return {
            "base_url": self._base_url,
            "api_key": self._key(),
            "timeout": self._timeout,
            "max_retries": self._retries,
            "http_client": client(trust_env=not self._loopback, follow_redirects=False),
        }

    def _sync(self) -> OpenAI:
        with self._making:
            if self._client is None:
                from openai import DefaultHttpxClient, OpenAI

                self._client = OpenAI(**self._settings(DefaultHttpxClient))
            return self._client

    def _async(self) -> tuple[AsyncOpenAI, asyncio.Semaphore]:
        loop = asyncio.get_running_loop()
        with self._making:
            if loop not in self._waiting:
                from openai import AsyncOpenAI, DefaultAsyncHttpxClient

                client = AsyncOpenAI(**self._settings(DefaultAsyncHttpxClient))
                self._waiting[loop] = client, asyncio.Semaphore(self._concurrency)
            return self._waiting[loop]
