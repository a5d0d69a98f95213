"""Figures in the text: the picture, and under it the sentence that says what is to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit import theme
from labkit.teach._words import Words

if TYPE_CHECKING:
    import plotly.graph_objects as go


def show(figure: go.Figure) -> None:
    """Show a figure and its description.

    Parameters
    ----------
    figure : plotly Figure
        One that `labkit.theme.describe` has described.

    Raises
    ------
    ValueError
        The figure has no description.
    """
    from IPython.display import display

    words = theme.description(figure)
    if not words:
        raise ValueError("the figure has no description: store one with labkit.theme.describe")
    display(figure)  # type: ignore[no-untyped-call]
    display(Words(words))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, repr=False)
class Pictured(Words):
    """Words under a picture; the words say what the picture shows."""

    figure: go.Figure | None = None

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if self.figure is not None:
            display(self.figure)  # type: ignore[no-untyped-call]
        display(Words(self.text, self.title, self.tone))  # type: ignore[no-untyped-call]


def pictured(words: Words, figure: go.Figure | None) -> Words:
    """Return the words, with the picture above them where there is one."""
    return words if figure is None else Pictured(words.text, words.title, words.tone, figure)
