"""A panel of the smallest kind: a slope that a walker climbs, which may be too steep."""

import numpy as np
import plotly.graph_objects as go

from labkit import theme
from labkit.explore import explore
from labkit.params import Field, Params


class Slope(Params):
    rise: float = Field(1.0, ge=0, le=4, slider=(0, 4, 0.5), description="how steep")
    law: str = Field("line", description="not a control")
    bent: bool = Field(False, description="whether it bends")


def climb(slope, *, rng, replicates=1):
    if slope.rise == 4:
        raise ValueError("too steep")
    return slope.rise * np.arange(5.0) ** (2 if slope.bent else 1) + rng


def drawing(heights):
    fig = theme.figure(x="step", y="height")
    fig.add_trace(go.Scatter(x=np.arange(5), y=heights))
    return theme.describe(fig, f"After five steps it stands at a height of {heights[-1]:g} metres above.")


def slope_panel():
    return explore(climb, Slope(), drawing, vary=["rise", "bent"], replicates=2)
