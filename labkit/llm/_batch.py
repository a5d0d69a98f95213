"""Many questions to one model, as many at once as it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from labkit.dialogue import Chat, Message, Reply


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model; the fields are those of `labkit.dialogue.Chat`.

    Attributes
    ----------
    messages : sequence of Message
        The conversation.
    seed, temperature, max_tokens, stop, options
        As for a chat.
    """

    messages: Sequence[Message]
    seed: int | None = None
    temperature: float = 0.0
    max_tokens: int = 256
    stop: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def put(self, chat: Chat) -> Reply:
        """Return the answer of `chat`."""
        return chat(
            self.messages,
            seed=self.seed,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            stop=self.stop,
            **self.options,
        )


def ask_all(
    chat: Chat,
    requests: Sequence[Request],
    *,
    concurrency: int = 8,
    progress: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Reply]:
    """Return the answers to all requests, in their order.

    Parameters
    ----------
    chat : Chat
        Who is asked.
    requests : sequence of Request
        The questions.
    concurrency : int
        How many are under way at once, 1 or more.
    progress : bool
        Whether to show a bar.
    stopped : callable
        Asked before each question; when it answers True, no further one is put.

    Returns
    -------
    list of Reply
        As many as requests; fewer, from the start on, when it was stopped.

    Raises
    ------
    ValueError
        `concurrency` is below 1.
    """
    if concurrency < 1:
        raise ValueError(f"concurrency = {concurrency!r}: allowed is a whole number from 1")
    from tqdm.auto import tqdm

    def put(request: Request) -> Reply | None:
        return None if stopped() else request.put(chat)

    pool = ThreadPoolExecutor(concurrency)
    waiting = [pool.submit(put, request) for request in requests]
    with tqdm(total=len(requests), disable=not progress, unit="answer") as bar:
        try:
            for done in as_completed(waiting):
                bar.update(done.result() is not None)
        except BaseException as error:
            # Who presses Stop does not wait for answers under way; a recording still takes them in as they come.
            pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
            raise
    pool.shutdown()
    replies = [future.result() for future in waiting]
    first_missing = next((place for place, reply in enumerate(replies) if reply is None), len(replies))
    return [reply for reply in replies[:first_missing] if reply is not None]
