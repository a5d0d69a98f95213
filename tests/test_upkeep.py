"""What nobody uses is not there: no dead code, and no dependency that is not imported, or imported and not declared."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import nbformat
import pytest
import vulture

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "labkit").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What Python, pydantic, Jupyter and the tests find by name.
FOUND_BY_NAME = [
    "_repr_*",
    "_esm",
    "_css",
    "GALLERY",
    "__getattr__",
    "block_math",
    "inline_math",
    "latex_environment",
    "handle_starttag",
    "_ipython_display_",
    "_render_traceback_",
]
FOUND_BY_DECORATOR = ["@claim*", "@pydantic.*", "@property", "@cached_property", "@traitlets.*", "@*.register"]

# Where JupyterLab finds them, nobody imports them; the tools of the build are called by name.
NOT_IMPORTED = {"jupyterlab", "hatchling", "editables"}
IMPORTED_AS = {"scikit-learn": "sklearn", "pillow": "PIL"}
# These come with a declared package, whose other half they are.
COMES_WITH = {
    "IPython": "ipywidgets", "traitlets": "ipywidgets", "nbformat": "jupyterlab", "nbclient": "jupyterlab",
    "jupyter_client": "jupyterlab", "jupyter_core": "jupyterlab", "pygments": "ipywidgets", "nbconvert": "jupyterlab",
    "jinja2": "jupyterlab", "playwright": "the test tools", "google": "Colab", "annotated_types": "pydantic",
    "threadpoolctl": "scikit-learn", "markupsafe": "jupyterlab",
}  # fmt: skip


@cache
def imports() -> set[str]:
    """The packages that labkit imports, but for its own and Python's."""
    found = set()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"labkit"}


def declared() -> dict[str, str]:
    """What pyproject.toml declares for use, not for testing: name to the name it is imported by."""
    extras = PROJECT["optional-dependencies"]
    lines = [
        *PROJECT["dependencies"],
        *(line for name in extras if name not in ("test", "bench") for line in extras[name]),
    ]
    names = [re.match(r"[\w-]+", line)[0] for line in lines]
    return {name: IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


def test_no_code_is_dead(tmp_path):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        lines = [line for line in "\n".join(cells).splitlines() if not line.lstrip().startswith("%")]
        (tmp_path / f"{path.stem}.py").write_text("\n".join(lines), encoding="utf-8")
    search = vulture.Vulture(ignore_names=FOUND_BY_NAME, ignore_decorators=FOUND_BY_DECORATOR)
    search.scavenge([ROOT / "labkit", tmp_path])
    kinds = ("function", "method", "class", "import", "unreachable_code")
    unused = [each for each in search.get_unused_code(min_confidence=60) if each.typ in kinds]
    assert [each.get_report() for each in unused if tmp_path not in each.filename.parents] == []


def test_what_is_imported_is_declared():
    undeclared = imports() - set(declared().values()) - set(COMES_WITH)
    assert undeclared == set()


@pytest.mark.parametrize("name", sorted(declared()))
def test_what_is_declared_is_imported(name):
    assert name in NOT_IMPORTED or declared()[name] in imports() or _calls(name)


def _calls(name: str) -> bool:
    """Whether labkit names a package without importing it: a backend of joblib, say, or a command."""
    return any(re.search(rf"[\"'`]{re.escape(name)}\b", path.read_text(encoding="utf-8")) for path in CODE)
