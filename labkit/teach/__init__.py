"""Teaching aids: source to read, bets that are answered, exercises that check themselves, and how far a reader is."""

from labkit.teach._bets import answer, place
from labkit.teach._calibration import calibration
from labkit.teach._choice import Bet
from labkit.teach._curve import CurveBet
from labkit.teach._essay import Essay
from labkit.teach._exercises import Exercise, Feedback, check, hint, judge, run_solution, solution
from labkit.teach._forms import form_of, short
from labkit.teach._keeping import erase_progress, export_progress, import_progress, restore_progress
from labkit.teach._lessons import all_pieces
from labkit.teach._number import NumberBet
from labkit.teach._overview import progress
from labkit.teach._prediction import Prediction
from labkit.teach._progress import location
from labkit.teach._show import show
from labkit.teach._source import Source, source
from labkit.teach._words import Words, say

__all__ = [
    "Bet", "CurveBet", "Essay", "Exercise", "Feedback", "NumberBet", "Prediction", "Source", "Words",
    "all_pieces", "answer", "calibration", "check", "erase_progress", "export_progress", "form_of", "hint",
    "import_progress", "judge", "location", "place", "progress", "restore_progress", "run_solution", "say", "short",
    "show", "solution", "source",
]  # fmt: skip
