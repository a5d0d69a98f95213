"""What makes two questions the same: which model is asked, and everything it is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.dialogue import Message


@dataclass(frozen=True, slots=True)
class Identity:
    """Which model answers.

    Attributes
    ----------
    model : str
        Its name.
    weights : str or None
        The SHA-256 of its weights, where they are known.
    """

    model: str
    weights: str | None = None


def key_of(
    identity: Identity,
    messages: Sequence[Message],
    *,
    seed: int | None,
    temperature: float,
    max_tokens: int,
    stop: Sequence[str],
    options: Mapping[str, Any],
) -> str:
    """Return a digest of everything that decides an answer; neither the address nor a key is part of it.

    Parameters
    ----------
    identity : Identity
        Which model is asked.
    messages : sequence of Message
        The conversation.
    seed, temperature, max_tokens, stop, options
        As for `labkit.dialogue.Chat`.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    asked = {
        "model": identity.model,
        "weights": identity.weights,
        "messages": [[message.role, message.content] for message in messages],
        "seed": seed,
        "temperature": float(temperature),
        "max_tokens": max_tokens,
        "stop": list(stop),
        "options": dict(options),
    }
    return digest(asked, 32)


def digest(value: Any, digits: int) -> str:
    """Return the first `digits` hexadecimal digits of the SHA-256 of `value` as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:digits]
