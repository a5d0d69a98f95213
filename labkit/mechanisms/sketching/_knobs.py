"""What a method may be told: one declaration of every setting of `descend`."""

from __future__ import annotations

from typing import Literal

from labkit.mechanisms.sketching._sketch import Family
from labkit.params import Field, Params

Sketches = Literal["shared", "independent", "fixed"]


class Knobs(Params):
    """The settings of `descend`; each method uses those it knows."""

    step: float = Field(0.1, gt=0, le=1e6, description="length of a client's step, in units of the gradient")
    server_step: float = Field(1.0, gt=0, le=1e3, description="what the server multiplies the mean update by")
    local_steps: int = Field(1, ge=1, le=1000, description="steps a client takes before it talks")
    batch: int = Field(0, ge=0, le=10**6, description="samples a client looks at per step; 0: all it has")
    proximal: float = Field(0.1, ge=0, le=1e3, description="pull of FedProx towards the shared model")
    family: Family = Field("count", description="kind of random matrix")
    sketches: Sketches = Field("shared", description="one fresh matrix for all, one for each client, or one for ever")
    size: int = Field(0, ge=0, le=10**7, description="numbers of a sketch; 0: an eighth of the parameters")
    kept: int = Field(0, ge=0, le=10**7, description="coordinates that top-k, rand-k and FetchSGD keep; 0: as `size`")
    levels: int = Field(4, ge=1, le=10**6, description="levels of QSGD")
    rows: int = Field(3, ge=1, le=99, description="rows of FetchSGD's table; `size` is shared out among them")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of FetchSGD")
    taken_out: Literal["subtracted", "zeroed"] = Field(
        "zeroed", description="what FetchSGD does with the cells of what it has taken out"
    )
    clip: float = Field(0, ge=0, le=1e6, description="longest gradient of a sample; 0: any, and no noise")
    noise: float = Field(0, ge=0, le=1e6, description="noise multiplier: standard deviation over clip, on a sum")
    noise_at: Literal["before", "after"] = Field("before", description="noise before the sketch or after it")
    reclip: bool = Field(True, description="whether noise after the sketch clips the sketches too")

    def numbers(self, dim: int) -> int:
        """Return the numbers of a sketch."""
        return self.size or max(1, dim // 8)

    def coordinates(self, dim: int) -> int:
        """Return the coordinates that are kept."""
        return min(self.kept or self.numbers(dim), dim)
