"""What makes two computations the same: a digest that no process, order or comment changes."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np
from numpy.random import SeedSequence

from labkit.params import Params

_UNBOUND = (NoneType, ModuleType)


def fingerprint(value: Any) -> str:
    """Return a hexadecimal digest that is the same in every process for the same value.

    Parameters
    ----------
    value : Any
        Numbers, text, None, Params, arrays, seed sequences, functions, and lists, tuples or mappings of these.
        A function counts by its source (not its comments), its bound arguments and the plain values it refers
        to, and so do the functions of its own module that it calls; what else it calls counts by name.

    Raises
    ------
    ValueError
        The value, or one that a function refers to, is of another kind.
    """
    return hashlib.sha256(json.dumps(_plain(value)).encode()).hexdigest()


def source_fingerprint(paths: Iterable[Path]) -> str:
    """Return a digest of what the Python files do: comments, layout, docstrings and decorators do not count."""
    trees = [[path.name, _essence(path.read_text(encoding="utf-8"))] for path in paths]
    return hashlib.sha256(json.dumps(trees).encode()).hexdigest()


def name_of(function: Callable[..., Any]) -> str:
    """Return the module and name of a function."""
    inner = function.func if isinstance(function, partial) else function
    named = inner if hasattr(inner, "__qualname__") else type(inner)
    return f"{named.__module__}.{named.__qualname__}"


def _plain(value: Any) -> Any:
    """Return `value` as something JSON can hold, different for different values."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else ["float", repr(value)]
    if isinstance(value, Params):
        return [name_of(type(value)), _plain(value.model_dump())]
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return ["array", str(value.dtype), list(value.shape), hashlib.sha256(value.tobytes()).hexdigest()]
    if isinstance(value, SeedSequence):
        state = (value.entropy, value.spawn_key, value.pool_size, value.n_children_spawned)
        return ["seed", *(_plain(part) for part in state)]
    if isinstance(value, Mapping):
        return ["mapping", [[_plain(key), _plain(item)] for key, item in value.items()]]
    if isinstance(value, list | tuple):
        return [type(value).__name__, [_plain(item) for item in value]]
    if isinstance(value, partial):
        return ["partial", _plain(value.func), _plain(value.args), _plain(value.keywords)]
    if isinstance(value, FunctionType):
        return ["function", name_of(value), *_family(value)]
    # A bound method is left out: what it is bound to may hold anything.
    if callable(value) and hasattr(value, "__qualname__") and isinstance(getattr(value, "__self__", None), _UNBOUND):
        return ["named", name_of(value)]
    raise ValueError(
        f"{value!r} of type {type(value).__name__} cannot be told apart from one run to the next: use numbers, text, "
        "Params, arrays or functions"
    )


def _family(function: FunctionType) -> Iterator[Any]:
    """Yield source and data of a function and of the functions of its module that it reaches."""
    found, waiting = set(), [function]
    while waiting:
        member = waiting.pop()
        if member in found:
            continue
        found.add(member)
        yield [_source(member), _plain(member.__defaults__), _plain(member.__kwdefaults__)]
        for name, value in sorted(_referred(member).items()):
            if isinstance(value, FunctionType) and value.__module__ == function.__module__:
                waiting.append(value)
            elif callable(value) and not isinstance(value, partial):
                yield [name, name_of(value)]
            elif not isinstance(value, ModuleType):
                yield [name, _plain(value)]


def _source(function: FunctionType) -> Any:
    # The source of a lambda is the whole statement around it: two in one line would look the same.
    if function.__name__ == "<lambda>":
        return _bytecode(function.__code__)
    try:
        return _essence(textwrap.dedent(inspect.getsource(function)))
    except OSError:
        raise ValueError(f"the source of {name_of(function)} cannot be read: define it in a file or a cell") from None


def _bytecode(code: CodeType) -> list[Any]:
    constants = [_bytecode(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), constants]


def _referred(function: FunctionType) -> dict[str, Any]:
    """Return the closed-over and global values that a function names."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    values = {name: cell.cell_contents for name, cell in cells}
    return values | {
        name: function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__
    }


def _names(code: CodeType) -> set[str]:
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


class _Strip(ast.NodeTransformer):
    """Drop docstrings and decorators."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.decorator_list = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())), *_]:
                    node.body = node.body[1:]
        return node


def _essence(text: str) -> str:
    return ast.dump(_Strip().visit(ast.parse(text)))
