"""Teaching aids: source to read, bets that are answered, exercises that check themselves."""

from labkit.teach._bets import Bet, answer, place
from labkit.teach._exercises import Exercise, Feedback, check, hint, run_solution, solution
from labkit.teach._progress import location
from labkit.teach._show import show
from labkit.teach._source import Source, source
from labkit.teach._words import Words, say

__all__ = [
    "Bet", "Exercise", "Feedback", "Source", "Words",
    "answer", "check", "hint", "location", "place", "run_solution", "say", "show", "solution", "source",
]  # fmt: skip
