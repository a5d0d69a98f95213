"""obp's LinUCB without the package around it, which wants torch; from the environment or from .cache/peers."""

from __future__ import annotations

import importlib
import sys
import types
from importlib.machinery import PathFinder
from pathlib import Path

PEERS = Path(__file__).parents[2] / ".cache" / "peers"


def obp_linucb():
    """obp's LinUCB, loaded without the package around it; None where it is not installed."""
    if "obp.policy.linear" in sys.modules:
        return sys.modules["obp.policy.linear"].LinUCB
    spec = PathFinder.find_spec("obp", [*sys.path, str(PEERS)])
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    for name, folder in (("obp", home), ("obp.policy", home / "policy")):
        if name not in sys.modules:
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = [str(folder)]
    return importlib.import_module("obp.policy.linear").LinUCB
