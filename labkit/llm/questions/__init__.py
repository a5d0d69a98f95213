"""Questions whose answer can be checked exactly: three sets for a small model, and arithmetic of any difficulty."""

from labkit.llm.questions._arithmetic import arithmetic, value_of
from labkit.llm.questions._question import Grade, Question, fold
from labkit.llm.questions._sets import SETS, animals, capitals, first_letters

__all__ = ["SETS", "Grade", "Question", "animals", "arithmetic", "capitals", "first_letters", "fold", "value_of"]
