"""The sentence under a figure, and the numbers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

if TYPE_CHECKING:
    import pandas as pd


def describe(fig: go.Figure, sentence: str) -> go.Figure:
    """Store one sentence that says what is to be seen; it becomes caption and alt text. Return the figure."""
    fig.layout.meta = {"description": sentence}
    return fig


def description(fig: go.Figure) -> str:
    """Return the sentence stored by `describe`, or an empty string."""
    meta = fig.layout.meta
    return str(meta.get("description", "")) if isinstance(meta, dict) else ""


def data_of(fig: go.Figure) -> pd.DataFrame:
    """Return the numbers behind a figure, one row per point.

    Returns
    -------
    DataFrame
        Columns trace, x_axis, y_axis (titles), x, y, lower, upper. A band gives lower and upper, a line
        or points give y, and also lower and upper where there are error bars. Pictures give no rows.
    """
    import pandas as pd

    columns = ["trace", "x_axis", "y_axis", "x", "y", "lower", "upper"]
    parts = [_rows(fig, trace) for trace in fig.data if getattr(trace, "y", None) is not None and trace.meta != "label"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _rows(fig: go.Figure, trace: Any) -> pd.DataFrame:
    import pandas as pd

    y = np.asarray(trace.y)
    x = np.arange(len(y)) if trace.x is None else np.asarray(trace.x)
    names = {
        "trace": trace.name or "",
        "x_axis": _title(fig, trace.xaxis or "x"),
        "y_axis": _title(fig, trace.yaxis or "y"),
    }
    if trace.meta == "band":
        half = len(y) // 2
        return pd.DataFrame({**names, "x": x[:half], "y": np.nan, "lower": y[half:][::-1], "upper": y[:half]})
    lower, upper = np.full(len(y), np.nan), np.full(len(y), np.nan)
    bars = getattr(trace, "error_y", None)
    if bars is not None and bars.array is not None:
        upper = y + np.asarray(bars.array)
        lower = y - np.asarray(bars.array if bars.arrayminus is None else bars.arrayminus)
    return pd.DataFrame({**names, "x": x, "y": y, "lower": lower, "upper": upper})


def _title(fig: go.Figure, axis: str) -> str:
    return str(fig.layout[f"{axis[0]}axis{axis[1:]}"].title.text or "")
