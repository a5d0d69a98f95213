"""What the reader moves: radio buttons, numbers with sliders, and paper to draw on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as widgets
import traitlets

if TYPE_CHECKING:
    from labkit.teach._curve import CurveBet

_HERE = Path(__file__).parent


class Options(widgets.RadioButtons):
    """Radio buttons, one per option."""

    watched = "value"

    def __init__(self, options: Mapping[str, str]) -> None:
        pairs = [(label, key) for key, label in options.items()]
        super().__init__(options=pairs, value=None, layout=widgets.Layout(width="auto"))

    @property
    def choice(self) -> Any:
        """What is chosen, None where nothing is."""
        return self.value

    @choice.setter
    def choice(self, choice: Any) -> None:
        self.value = choice


class _Values(anywidget.AnyWidget):
    """A widget of our own that holds a few numbers, None where one is not given yet."""

    watched = "values"
    _css = (_HERE / "bets.css").read_text(encoding="utf-8")
    values = traitlets.List(traitlets.Float(allow_none=True)).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(0.01).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)


class Numbers(_Values):
    """A box and a slider for each number."""

    _esm = (_HERE / "numbers.js").read_text(encoding="utf-8")
    unit = traitlets.Unicode("").tag(sync=True)

    def __init__(self, names: Sequence[str], low: float, high: float, step: float, unit: str) -> None:
        empty = [None] * len(names)
        super().__init__(names=list(names), low=low, high=high, step=step, unit=unit, values=empty)

    @property
    def choice(self) -> Any:
        """The number, or the list of numbers; None where none is given."""
        if all(value is None for value in self.values):
            return None
        return self.values[0] if len(self.values) == 1 else list(self.values)

    @choice.setter
    def choice(self, choice: Any) -> None:
        if choice is None:
            choice = [None] * len(self.values)
        self.values = list(choice) if isinstance(choice, list) else [choice]


class Curve(_Values):
    """Paper with a few positions; each has a point that is dragged, drawn through, or moved by the arrow keys."""

    _esm = (_HERE / "curve.js").read_text(encoding="utf-8")
    x_title = traitlets.Unicode("").tag(sync=True)
    y_title = traitlets.Unicode("").tag(sync=True)
    reference = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, bet: CurveBet) -> None:
        line = None if bet.reference is None else {"y": bet.reference[0], "name": bet.reference[1]}
        super().__init__(
            names=list(bet.names),
            low=bet.low,
            high=bet.high,
            step=(bet.high - bet.low) / 100,
            x_title=bet.x_title,
            y_title=bet.y_title,
            reference=line,
            values=[None] * len(bet.x),
        )

    @property
    def choice(self) -> Any:
        """The heights, None where nothing is drawn; a height that is still open is None."""
        return None if all(value is None for value in self.values) else list(self.values)

    @choice.setter
    def choice(self, choice: Any) -> None:
        self.values = [None] * len(self.values) if choice is None else list(choice)


Control = Options | Numbers | Curve
