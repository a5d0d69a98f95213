"""Parameters: one declaration gives the default, the bounds, the slider and the help text."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any, Literal, Self

import annotated_types
import numpy as np
import pydantic
from pydantic.fields import FieldInfo


def Field(default: Any, *, slider: tuple[float, float, float] | None = None, **declaration: Any) -> Any:
    """Declare one parameter: pydantic's ``Field`` with the range a slider should offer.

    Parameters
    ----------
    default : Any
        The value used when none is given.
    slider : tuple of (low, high, step), optional
        The useful range on a slider, where it is narrower than what is allowed.
    **declaration : Any
        What ``pydantic.Field`` takes: ``ge``, ``gt``, ``le``, ``lt``, ``description``.
    """
    extra: Any = {"slider": slider} if slider else None
    return pydantic.Field(default, json_schema_extra=extra, **declaration)


class Params(pydantic.BaseModel):
    """A frozen, validated set of parameters; subclass it and declare fields with `Field`.

    Raises
    ------
    ValueError
        A field is unknown, of the wrong type, not a number, or out of range. The message names the
        field, the value and what is allowed.
    """

    model_config = pydantic.ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except pydantic.ValidationError as error:
            raise ValueError(_in_words(type(self), error)) from None

    @pydantic.field_validator("*", mode="before")
    @classmethod
    def _unbox(cls, value: Any) -> Any:
        # A sweep over a numpy grid hands over numpy scalars, which strict validation would refuse.
        return value.item() if isinstance(value, np.generic) else value

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with some fields changed.

        Raises
        ------
        ValueError
            As for the constructor.
        """
        return type(self)(**{**{name: getattr(self, name) for name in type(self).model_fields}, **changes})

    def changes(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, by name."""
        fields = type(self).model_fields
        return {name: getattr(self, name) for name in fields if getattr(self, name) != fields[name].default}

    def __str__(self) -> str:
        """Return the shortest line of Python that makes these parameters again."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.changes().items())})"


@dataclass(frozen=True, slots=True)
class Domain:
    """What a field may hold, and what a slider for it offers.

    Attributes
    ----------
    kind : {"int", "float", "bool", "choice", "other"}
        How a control should treat it; "other" (a tuple, say) has no slider.
    low, high : float or None
        The slider's ends, both of them allowed values; None where the field is not bounded on both sides
        and declares no slider.
    step : float or None
        The slider's step.
    options : tuple
        The choices of a "choice" field, in order of declaration.
    words : str
        The allowed range, in words.
    """

    kind: Literal["int", "float", "bool", "choice", "other"]
    low: float | None
    high: float | None
    step: float | None
    options: tuple[Any, ...]
    words: str


def domain(params: type[Params] | Params, name: str) -> Domain:
    """Return what the field `name` may hold.

    Raises
    ------
    ValueError
        There is no such field.
    """
    fields = (params if isinstance(params, type) else type(params)).model_fields
    if name not in fields:
        raise ValueError(f"{_name_of(params)} has no field {name!r}; its fields are {', '.join(fields)}")
    return _domain(fields[name])


def _domain(field: FieldInfo) -> Domain:
    annotation = field.annotation
    if annotation is bool:
        return Domain("bool", None, None, None, (False, True), "True or False")
    if typing.get_origin(annotation) is Literal:
        options = typing.get_args(annotation)
        return Domain("choice", None, None, None, options, "one of " + ", ".join(map(repr, options)))
    if annotation not in (int, float):
        return Domain("other", None, None, None, (), f"a value of type {str(annotation).removeprefix('typing.')}")
    kind: Literal["int", "float"] = "int" if annotation is int else "float"
    limits = {type(limit): limit for limit in field.metadata}
    low, high = (
        _limit(limits, annotated_types.Ge, annotated_types.Gt),
        _limit(limits, annotated_types.Le, annotated_types.Lt),
    )
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    slider: Any = extra.get("slider")
    step = 1.0 if kind == "int" else None
    if slider is None and low is not None and high is not None:
        pace = step or (high[0] - low[0]) / 100
        # A bound that is itself excluded is no place for a slider to rest.
        slider = (low[0] + pace * low[1], high[0] - pace * high[1], pace)
    words = "a whole number" if kind == "int" else "a number"
    if low is not None:
        words += f" {'above' if low[1] else 'from'} {low[0]}"
    if high is not None:
        words += f" {'below' if high[1] else 'to' if low is not None and not low[1] else 'up to'} {high[0]}"
    ends = slider if slider is not None else (None, None, step)
    return Domain(kind, ends[0], ends[1], ends[2], (), words)


def _limit(limits: dict[type, Any], inclusive: type, exclusive: type) -> tuple[float, bool] | None:
    """Return (bound, whether the bound itself is excluded), or None."""
    if inclusive in limits:
        return getattr(limits[inclusive], inclusive.__name__.lower()), False
    if exclusive in limits:
        return getattr(limits[exclusive], exclusive.__name__.lower()), True
    return None


def _in_words(cls: type[Params], error: pydantic.ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if problem["type"] == "extra_forbidden":
            lines.append(f"{cls.__name__} has no field {name!r}; its fields are {', '.join(cls.model_fields)}")
        elif name in cls.model_fields:
            lines.append(
                f"{cls.__name__}.{name} = {problem['input']!r}: allowed is {_domain(cls.model_fields[name]).words}"
            )
        else:
            lines.append(f"{cls.__name__}: {problem['msg']}")
    return "; ".join(lines)


def _name_of(params: type[Params] | Params) -> str:
    return (params if isinstance(params, type) else type(params)).__name__
