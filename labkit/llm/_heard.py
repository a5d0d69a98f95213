"""What came back from a server: an answer, or in words what is wrong and what helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from labkit.dialogue import Reply, shown

_LONG = 300  # signs of a server's own words that are repeated


Hide = Callable[[str], str]


def answer_in(heard: Any, hide: Hide) -> Reply | str:
    """Return the answer in what the client made of a response, or in words why there is none.

    Parameters
    ----------
    heard : Any
        A chat completion, or whatever else a server sends with status 200.
    hide : callable
        Takes the key out of a text.
    """
    if told := getattr(heard, "error", None):
        return f"answered with an error: {_short(told, hide)}"
    try:
        choice = heard.choices[0]
        message, usage = choice.message, heard.usage
        text = message.content if message.content is not None else getattr(message, "refusal", None)
        if text is None:
            return _why_no_text(message)
        told = getattr(choice.logprobs, "content", None) if choice.logprobs else None
        return Reply(
            text=_whole(text),
            model=heard.model if isinstance(heard.model, str) else "",
            prompt_tokens=_count(usage, "prompt_tokens"),
            completion_tokens=_count(usage, "completion_tokens"),
            logprobs=tuple((_whole(token.token), float(token.logprob)) for token in told) if told else None,
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return (
            f"answered with something that is no chat completion ({_short(heard, hide)[:80]!r}): is the address right? "
            "It usually ends with /v1"
        )


def trouble(error: Exception, *, tries: int, timeout: float, key_variable: str, hide: Hide) -> str:
    """Return in words what an exception of the client means, and what helps.

    Parameters
    ----------
    error : Exception
        What the client raised.
    tries : int
        How often it asks before it gives up.
    timeout : float
        Seconds it waits.
    key_variable : str
        Where the key comes from.
    hide : callable
        Takes the key out of a text.
    """
    import openai

    tried, said = f"(tried {tries} times)", _said(error, hide)
    match error:
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"refuses the key: put the right one into the environment variable {key_variable}"
        case openai.RateLimitError():
            return f"says that too much is asked of it {tried}: wait, or lower `concurrency`. Its words: {said}"
        case openai.NotFoundError():
            return f"knows no such address or model: {said}"
        case openai.APITimeoutError():
            return f"did not answer within {timeout:g} s {tried}: raise `timeout`, or see whether it is busy"
        case openai.APIConnectionError():
            return f"cannot be reached, or broke off in the middle of an answer {tried}: is it running?"
        case openai.InternalServerError():
            return f"failed on its side {tried}: {said}"
        case openai.BadRequestError() | openai.UnprocessableEntityError() if "context" in said:
            return f"does not accept what was asked: shorten the messages, or lower `max_tokens`. Its words: {said}"
        case openai.BadRequestError() | openai.UnprocessableEntityError():
            return f"does not accept what was asked: {said}"
        case openai.APIStatusError() if error.status_code // 100 == 3:
            other = urlsplit(error.response.headers.get("Location", "")).hostname or "another address"
            return f"sends on to {other}: nothing was sent there. Give that address yourself if you trust it"
        case _:
            return f"answered with something that cannot be read ({said!r}): is the address right? If it is, ask again"


def _why_no_text(message: Any) -> str:
    if getattr(message, "tool_calls", None) or getattr(message, "function_call", None):
        return "called a tool in place of an answer: ask without tools"
    if getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None):
        return "spent all its tokens on thinking and gave no answer: raise `max_tokens`"
    return "gave an answer without any text: raise `max_tokens`, or ask another model"


def _count(usage: Any, name: str) -> int:
    """Return a number of tokens; a bill that cannot be read is none, and no reason to lose the answer."""
    count = getattr(usage, name, None)
    return count if isinstance(count, int) and count >= 0 else 0


def _whole(text: str) -> str:
    """Return a text without halves of signs, which some servers send and no file can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _said(error: Exception, hide: Hide) -> str:
    body = getattr(error, "body", None)
    told = body["message"] if isinstance(body, dict) and "message" in body else getattr(error, "message", error)
    return _short(told, hide)


def _short(told: Any, hide: Hide) -> str:
    # A key that is cut in two would not be found.
    return shown(hide(_whole(str(told))))[:_LONG]
