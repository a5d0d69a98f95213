"""The crowd without a language model: how often it is right, how it errs, and how it copies."""

from __future__ import annotations

from typing import Literal

from labkit.params import Field, Params

Routing = Literal["contribution", "released", "top contributors", "random", "chain", "complete"]


class Crowd(Params):
    """Agents that answer, see how their answers lie to each other, and copy along a graph."""

    agents: int = Field(5, ge=2, le=40, slider=(3, 15, 1), description="agents")
    accuracy: float = Field(
        0.3, ge=0, le=1, slider=(0.05, 0.95, 0.05), description="chance that a first answer is right"
    )
    wrong: int = Field(10, ge=1, le=100, slider=(1, 50, 1), description="different wrong answers")
    attractor: float = Field(
        0.0, ge=0, le=1, slider=(0, 1, 0.05), description="share of the wrong answers that are one and the same mistake"
    )
    threshold: float = Field(
        0.5, ge=-1, le=1, slider=(0, 0.95, 0.05), description="least cosine of agents that are joined"
    )
    reads: int = Field(2, ge=0, le=39, slider=(1, 14, 1), description="most agents that one agent reads")
    rounds: int = Field(2, ge=0, le=10, slider=(0, 4, 1), description="rounds after the first answers")
    routing: Routing = Field("contribution", description="who reads whom")
    copy_right: float = Field(
        0.7, ge=0, le=1, slider=(0, 1, 0.05), description="chance of adopting a right answer that is read"
    )
    copy_wrong: float = Field(
        0.7, ge=0, le=1, slider=(0, 1, 0.05), description="chance of adopting a wrong answer that is read"
    )
    noise: float = Field(
        0.35,
        ge=0,
        le=3,
        slider=(0, 1.5, 0.05),
        description="length of what is particular to one text, in units of an answer",
    )
    topic: float = Field(
        1.0, ge=0, le=5, slider=(0, 2, 0.1), description="length of what all texts share, in units of an answer"
    )
    dimension: int = Field(96, ge=2, le=1024, slider=(48, 384, 48), description="length of a text's vector")

    @property
    def chances(self) -> tuple[float, ...]:
        """Chance of the right answer, of each scattered wrong one, and of the attractor."""
        missed = 1 - self.accuracy
        return (self.accuracy, *[missed * (1 - self.attractor) / self.wrong] * self.wrong, missed * self.attractor)

    @property
    def cosines(self) -> tuple[float, float]:
        """Expected cosine of two texts with the same answer, and with different ones, in many dimensions."""
        whole = self.topic**2 + 1 + self.noise**2
        return (self.topic**2 + 1) / whole, self.topic**2 / whole
