"""A question with one right answer, and the reading of what a model said to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from labkit.dialogue import Message

Grade = Literal["right", "wrong", "unparsed"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question and what counts as its answer.

    Attributes
    ----------
    kind : str
        The set it belongs to; it decides how an answer is read out of a text.
    prompt : str
        What is asked, with the form the answer should have.
    truth : str
        The right answer.
    wrong : tuple of str
        Wrong answers that lie near: the other options, where the question names options.
    grammar : str
        The form of an answer, for models that can be held to one (GBNF).
    examples : tuple of (str, str)
        Questions with their answers that are shown before, as turns of a conversation.
    """

    kind: str
    prompt: str
    truth: str
    wrong: tuple[str, ...]
    grammar: str
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation that asks it: the examples, then the question."""
        shown = ((Message("user", asked), Message("assistant", given)) for asked, given in self.examples)
        return (*(turn for pair in shown for turn in pair), Message("user", self.prompt))

    @property
    def line(self) -> str:
        """The question itself, where the prompt says more: its last line."""
        return self.prompt.strip().splitlines()[-1]

    def parse(self, text: str) -> str | None:
        """Return the answer that a text gives, or None where none can be made out.

        Parameters
        ----------
        text : str
            What a model said.

        Returns
        -------
        str or None
            The answer, in the spelling of the question where it is one of the answers that the question knows.
        """
        found = _READERS[self.kind](text)
        if found is None:
            return None
        known = {fold(answer): answer for answer in (*self.wrong, self.truth)}
        return known.get(fold(found), found)

    def grade(self, text: str) -> Grade:
        """Return whether a text is right, wrong, or gives no answer; one without an answer is never right.

        Parameters
        ----------
        text : str
            What a model said.
        """
        found = self.parse(text)
        if found is None:
            return "unparsed"
        return "right" if fold(found) == fold(self.truth) else "wrong"


def fold(answer: str) -> str:
    """Return an answer without case, accents and punctuation, so that two spellings of one answer are the same."""
    letters = unicodedata.normalize("NFKD", answer.casefold())
    return " ".join(re.sub(r"[^\w\s-]", "", letters).split())


_NAME = r"(?:the city of )?([A-Z][\w'’.-]*(?: (?:de|of|al|City|[A-Z][\w'’.-]*))*)"
_SENTENCES = (rf"\bcapital(?: city)?(?: of [^.,;]+?)? is {_NAME}", rf"^{_NAME} is (?:the |its )?capital")


def _city(text: str) -> str | None:
    for sentence in _SENTENCES:
        found = re.search(sentence, text.strip())
        if found:
            return found.group(1).rstrip(".")
    return _short(text, words=3)


def _short(text: str, words: int = 1) -> str | None:
    """Return a text that is nothing but an answer: a few words, the first with a capital or alone."""
    line = text.strip().strip("\"'*.` ")
    return line if line and len(line.split()) <= words and re.fullmatch(r"[^\W\d_][\w'’. -]*", line) else None


def _letter(text: str) -> str | None:
    found = re.search(r"(?:^|\bis |: )[\"'“*]*([A-Za-z])\b(?!['’])", text.strip())
    return found.group(1).upper() if found else None


def _word(text: str) -> str | None:
    found = re.match(r"(?:the animal is |answer: )?(?:an? |the )?([a-z]+)\b", text.strip().casefold())
    return found.group(1) if found and len(text.split()) <= 6 else None


def _number(text: str) -> str | None:
    # As in Du et al.'s script: the last token that reads as a number.
    found = re.findall(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?", text)
    if not found:
        return None
    value = float(found[-1].replace(",", ""))
    return str(int(value)) if value.is_integer() else str(value)


_READERS: dict[str, Callable[[str], str | None]] = {
    "capitals": _city,
    "first letters": _letter,
    "animals": _word,
    "arithmetic": _number,
}
