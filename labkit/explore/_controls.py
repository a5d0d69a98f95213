"""From a declared field to a control: slider, box, tick or menu, with its name, its help and its range."""

from __future__ import annotations

import html
import math
from typing import Any

import ipywidgets as widgets

from labkit.params import Domain, Params, domain


def control(params: Params, name: str) -> widgets.ValueWidget:
    """Return a control for one field, standing at its value in `params`.

    Raises
    ------
    ValueError
        There is no such field.
    """
    allowed, value = domain(params, name), getattr(params, name)
    words, help_ = name.replace("_", " "), type(params).model_fields[name].description or ""
    common = {
        "description": f"<b>{html.escape(words)}</b> <span>{html.escape(help_)}</span>",
        "description_allow_html": True,
        "tooltip": f"{words}: {help_}; {allowed.words}" if help_ else f"{words}: {allowed.words}",
    }
    made = _widget(allowed, value, common)
    made.help = help_
    made.add_class("labkit-control")
    made.add_class(f"labkit-{name}")
    return made


def plain(value: Any) -> Any:
    """Return a control's value without the noise of a slider's arithmetic (0.30000000000000004 is 0.3)."""
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _widget(allowed: Domain, value: Any, common: dict[str, Any]) -> widgets.ValueWidget:
    if allowed.kind == "bool":
        return widgets.Checkbox(value, indent=False, **common)
    if allowed.kind == "choice":
        return widgets.Dropdown(options=[(str(option), option) for option in allowed.options], value=value, **common)
    if allowed.low is None or allowed.high is None:
        return (widgets.IntText if allowed.kind == "int" else widgets.FloatText)(value, **common)
    # A start value beyond the slider's useful range widens the slider: it must not be moved silently.
    low, high = min(allowed.low, value), max(allowed.high, value)
    if allowed.kind == "int":
        return widgets.IntSlider(value, min=int(low), max=int(high), step=int(allowed.step or 1), **common)
    if low > 0 and high / low > 100:
        ends = {"min": math.log10(low), "max": math.log10(high), "step": math.log10(high / low) / 100}
        return widgets.FloatLogSlider(value, base=10, readout_format=".3g", **ends, **common)
    step = allowed.step or (high - low) / 100
    return widgets.FloatSlider(value, min=low, max=high, step=step, readout_format=f".{_decimals(step)}f", **common)


def _decimals(step: float) -> int:
    return next((places for places in range(7) if math.isclose(round(step, places), step, rel_tol=1e-6)), 4)
