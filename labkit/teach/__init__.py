"""Teaching aids: source to read, bets that are answered, exercises that check themselves."""

from labkit.teach._bets import Bet, answer, place
from labkit.teach._essay import Essay
from labkit.teach._exercises import Exercise, Feedback, check, hint, judge, run_solution, solution
from labkit.teach._forms import form_of, short
from labkit.teach._progress import location
from labkit.teach._show import show
from labkit.teach._source import Source, source
from labkit.teach._words import Words, say

__all__ = [
    "Bet", "Essay", "Exercise", "Feedback", "Source", "Words",
    "answer", "check", "form_of", "hint", "judge", "location", "place", "run_solution", "say", "short", "show",
    "solution", "source",
]  # fmt: skip
