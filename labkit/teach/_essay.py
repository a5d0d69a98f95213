"""A question that is answered in prose and marked by a reader."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Essay:
    """A question such as "why does the mechanism do that".

    Attributes
    ----------
    prompt : str
        The question.
    answer : str
        A good answer, for those who mark.
    rubric : tuple of (int, str)
        What earns how many points, one or more lines.

    Raises
    ------
    ValueError
        The rubric is empty, or a line of it earns nothing.
    """

    prompt: str
    answer: str
    rubric: tuple[tuple[int, str], ...]

    def __post_init__(self) -> None:
        if not self.rubric or any(points < 1 for points, _ in self.rubric):
            raise ValueError(f"the rubric of an essay needs lines that earn 1 point or more, not {self.rubric!r}")

    @property
    def points(self) -> int:
        """The points that can be earned."""
        return sum(points for points, _ in self.rubric)
