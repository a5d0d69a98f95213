"""What a panel can show, and the setting it shows it for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from labkit.params import Params
from labkit.unfolding import finish

Compute = Callable[..., Any]
Figure = Callable[..., go.Figure]


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a mechanism.

    Attributes
    ----------
    figure : callable
        ``figure(result, **look) -> go.Figure``.
    compute : callable, optional
        What makes its result, where that is not what the other views show: a sweep, say.
    vary : sequence of str, optional
        The fields of the panel's `vary` that matter here; the other controls are hidden. All where not given.
    button : str, optional
        For a slow `compute`: the words on the button that starts it. Controls then do not.
    start : object, optional
        With `button`: the result shown until the first press, read from a file, say.
    line : str
        The line of Python that gives `start`.
    """

    figure: Figure
    compute: Compute | None = None
    vary: Sequence[str] | None = None
    button: str | None = None
    start: Any = None
    line: str = ""

    def accepts(self, name: str) -> bool:
        """Return whether the figure takes a keyword of this name."""
        found = inspect.signature(self.figure).parameters
        return name in found or any(p.kind is p.VAR_KEYWORD for p in found.values())


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything a result depends on."""

    params: Params
    seed: int
    replicates: int

    def with_replicates(self, replicates: int) -> Setting:
        """Return the same setting with another number of replicates."""
        return Setting(self.params, self.seed, replicates)

    def call(self, compute: Compute, whole: Compute | None = None) -> str:
        """Return the line of Python that makes the result again.

        Parameters
        ----------
        compute : callable
            What made it.
        whole : callable, optional
            The plain function that runs a generator `compute` to its end.
        """
        arguments = f"({self.params}, rng={self.seed}, replicates={self.replicates})"
        if whole is not None or not inspect.isgeneratorfunction(compute):
            function = whole or compute
            return f"{_imports(function, type(self.params))}{function.__name__}{arguments}"
        return f"{_imports(finish, compute, type(self.params))}finish({compute.__name__}{arguments})"


def _imports(*names: Any) -> str:
    """Return the import statements for functions and classes; those of the notebook itself need none."""
    modules: dict[str, list[str]] = {}
    for each in names:
        # What a module whose name begins with an underscore defines, its package hands on.
        modules.setdefault(each.__module__.partition("._")[0], []).append(each.__name__)
    shown = {module: ", ".join(sorted(found)) for module, found in modules.items() if module != "__main__"}
    return "".join(f"from {module} import {found}; " for module, found in shown.items())
