"""The bet with a few answers to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labkit.teach._prediction import Prediction, Reply

if TYPE_CHECKING:
    from labkit.teach._controls import Options


@dataclass(frozen=True)
class Bet(Prediction):
    """A question with a few answers to choose from, each with its own reply.

    Attributes
    ----------
    key, question : str
        As in `Prediction`.
    options : mapping of str to str
        What can be bet: key to label.
    replies : mapping of str to (str or function of the result)
        What to say to a reader who bet that option; a wrong belief is named, kindly.
    outcome : str or function of the result, optional
        Which option came true, so that the answer can say so and the bet can be scored.
    sample : function without arguments, optional
        As in `Prediction`.

    Raises
    ------
    ValueError
        There are fewer than two options, an option has no reply, or the outcome is not an option.
    """

    options: Mapping[str, str] = field(kw_only=True)
    outcome: Reply | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if len(self.options) < 2:
            raise ValueError(f"bet {self.key!r} has {len(self.options)} options: allowed is 2 or more")
        if set(self.options) != set(self.replies):
            odd = ", ".join(sorted(set(self.options) ^ set(self.replies)))
            raise ValueError(f"bet {self.key!r}: options and replies must have the same keys; these differ: {odd}")
        if isinstance(self.outcome, str):
            self.known(self.outcome)

    @property
    def bands(self) -> Mapping[str, str]:
        """The options: each has a reply of its own."""
        return self.options

    def known(self, choice: Any) -> str:
        """Return the choice, the key of an option."""
        if not isinstance(choice, str) or choice not in self.options:
            raise ValueError(f"bet {self.key!r} has no option {choice!r}; its options are {', '.join(self.options)}")
        return choice

    def said(self, choice: str) -> str:
        """Return the label of the option."""
        return self.options[choice]

    def truth(self, result: Any = None) -> str | None:
        """Return the option that came true, or None where the bet does not say.

        Raises
        ------
        ValueError
            The outcome is not one of the options.
        """
        if self.outcome is None:
            return None
        return self.known(self.outcome if isinstance(self.outcome, str) else self.outcome(result))

    def happened(self, truth: str) -> str:
        """Return the label of the option that came true."""
        return self.options[truth]

    def band(self, choice: str, truth: Any) -> str:
        """Return the choice itself."""
        return choice

    def reply(self, choice: str, result: Any = None) -> str:
        """Return the reply to one choice, given the result of the run."""
        return self.reply_to(choice, result)

    def score(self, choice: str, truth: str) -> float:
        """Return 1 for the option that came true, else 0."""
        return float(choice == truth)

    def control(self) -> Options:
        """Return radio buttons."""
        from labkit.teach._controls import Options

        return Options(self.options)

    def example(self) -> str:
        """Return the options and one of their keys."""
        labels = "\n".join(f"  [{key}] {label}" for key, label in self.options.items())
        return f"{labels}\nTo bet without buttons: place(bet, choice={next(iter(self.options))!r})"
