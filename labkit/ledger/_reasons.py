"""Why a claim is not reproduced: what the lesson says, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.ledger._claim import Claim, Verdict
from labkit.ledger._measure import claims_of
from labkit.ledger._record import recorded
from labkit.ledger._table import escaped

ONLY_A_SIGN = (
    "{} of these claims state a direction and no size. The direction holds, and *qualitative* is the best they can get."
)


@dataclass(frozen=True, slots=True)
class Reasons:
    """For each verdict other than reproduced, why; shows itself as a list.

    Attributes
    ----------
    entries : tuple of (Claim, Verdict, str)
        The claim, what was found, and why, in two or three sentences.
    signs : int
        How many claims hold, but state no size that could be reproduced.
    """

    entries: tuple[tuple[Claim, Verdict, str], ...]
    signs: int

    def _repr_markdown_(self) -> str:
        items = [f"- **{verdict}.** *{escaped(claim.statement)}* {why}" for claim, verdict, why in self.entries]
        signs = [ONLY_A_SIGN.format(self.signs)] if self.signs else []
        return "\n\n".join(["\n".join(items), *signs])

    def __str__(self) -> str:
        """Return two lines per claim."""
        lines = [f"{verdict}: {claim.statement}\n    {why}" for claim, verdict, why in self.entries]
        return "\n".join([*lines, *([ONLY_A_SIGN.format(self.signs).replace("*", "")] if self.signs else [])])

    __repr__ = __str__


def explain(stem: str, why: Mapping[str, str]) -> Reasons:
    """Return why the claims on record are not reproduced, in the order of their declaration.

    Parameters
    ----------
    stem : str
        The mechanism.
    why : mapping of str to str
        Key of a claim to two or three sentences in Markdown; needed for every verdict other than reproduced, but for
        a direction that holds where the source states no size.

    Raises
    ------
    ValueError
        A claim lacks its reason, or a reason belongs to no claim that needs one; the message names it.
    """
    record = recorded()
    judged = [(claim, found.verdict) for claim in claims_of(stem) if (found := record.get((stem, claim.key)))]
    asked = [(claim, verdict) for claim, verdict in judged if verdict and verdict.word != "reproduced"]
    needed = [(claim, verdict) for claim, verdict in asked if verdict.word != "qualitative" or claim.band]
    keys = {claim.key for claim, _ in needed}
    if odd := sorted(keys ^ set(why)):
        raise ValueError(f"reasons of {stem}: {odd[0]!r} " + ("lacks one" if odd[0] in keys else "needs none"))
    return Reasons(tuple((claim, verdict, why[claim.key]) for claim, verdict in needed), len(asked) - len(needed))
