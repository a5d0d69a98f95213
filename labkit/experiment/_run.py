"""Tasks in, outcomes out, by whatever joblib is told to use."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import labkit
from labkit.experiment._task import Outcome, Tasks, attempt

SECONDS_PER_BATCH = 2.0
_KILLED = "a worker process was killed, most often because memory ran out: take fewer workers, or give each more memory"
_MENDS = {
    "TerminatedWorkerError": _KILLED,
    "BrokenProcessPool": _KILLED,
    "KilledWorker": "the same task lost several workers, most often because memory ran out: give each more memory",
    "ActorDiedError": _KILLED,
    "RayActorError": _KILLED,
    "ModuleNotFoundError": "the workers lack a module that the function needs ({first}): install it there, or define "
    "the function in the notebook or script",
    "PicklingError": "the function, or what it refers to, cannot be sent to another process: define it in a module, "
    "and make there what cannot be sent",
    "TimeoutError": "no worker answered: start some, and see that they reach the scheduler",
}


class Broken(Exception):
    """The workers gave up, whatever they were given: in words, and with the traceback."""

    def __init__(self, error: Exception) -> None:
        known = [each for each in _chain(error) if type(each).__name__ in _MENDS]
        cause = known[-1] if known else error
        first = (str(cause).strip() or "no further words").splitlines()[0]
        mend = _MENDS.get(type(cause).__name__, "{first}").format(first=first)
        super().__init__(f"{type(cause).__name__}: {mend}")
        self.details = "".join(traceback.format_exception(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__


def run(
    function: Callable[..., Any], tasks: Tasks, todo: Sequence[int], n_jobs: int | None, progress: bool
) -> Iterator[tuple[int, Outcome]]:
    """Yield (task number, outcome) as tasks finish, from one `joblib.Parallel` held open.

    Raises
    ------
    Broken
        The workers, not the function, failed.
    """
    from tqdm.auto import tqdm

    with tqdm(total=len(tasks), initial=len(tasks) - len(todo), disable=not progress, unit="task") as bar:
        if not todo:
            return
        try:
            for numbered in _outcomes(function, tasks, todo, _workers(n_jobs)):
                bar.update()
                yield numbered
        except Exception as error:
            raise Broken(error) from error


def _workers(n_jobs: int | None) -> int | None:
    """Return how many workers to ask joblib for: on Ray, without a number, all; joblib itself would take one."""
    from joblib.parallel import get_active_backend

    backend, chosen = get_active_backend()
    return -1 if n_jobs is None and chosen is None and type(backend).__name__ == "RayBackend" else n_jobs


@dataclass(frozen=True, slots=True)
class _Lost:
    error: BaseException


@contextmanager
def _losses_told() -> Iterator[None]:
    """Let joblib know of tasks that a Dask cluster gives up: by itself it would wait for them for ever."""
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    if type(backend).__name__ != "DaskDistributedBackend" or not hasattr(backend, "submit"):
        yield
        return
    submit, retrieve = backend.submit, backend.retrieve_result_callback

    def submit_and_watch(call: Any, callback: Callable[[Any], None]) -> Any:
        def tell(done: Any) -> None:
            if (error := done.exception()) is not None:
                callback(_Lost(error))

        future = submit(call, callback)
        future.add_done_callback(tell)
        return future

    def retrieve_or_raise(out: Any) -> Any:
        if isinstance(out, _Lost):
            raise out.error
        return retrieve(out)

    backend.submit, backend.retrieve_result_callback = submit_and_watch, retrieve_or_raise
    try:
        yield
    finally:
        del backend.submit, backend.retrieve_result_callback


def _outcomes(
    function: Callable[..., Any], tasks: Tasks, todo: Sequence[int], n_jobs: int | None
) -> Iterator[tuple[int, Outcome]]:
    import joblib

    def calls(numbers: Sequence[int]) -> Iterator[Any]:
        return (joblib.delayed(attempt)(function, i, tasks[i], labkit.__version__) for i in numbers)

    with ExitStack() as stack:
        stack.enter_context(_losses_told())
        try:
            pool = stack.enter_context(joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered"))
        except ValueError:
            # Some backends (Ray's) hand over results only when a whole batch is done.
            pool = stack.enter_context(joblib.Parallel(n_jobs=n_jobs))
            yield from _in_batches(pool, calls, todo, joblib.effective_n_jobs(n_jobs))
        else:
            yield from pool(calls(todo))


def _in_batches(
    pool: Any, calls: Callable[[Sequence[int]], Iterator[Any]], todo: Sequence[int], workers: int
) -> Iterator[tuple[int, Outcome]]:
    """Yield from batches that grow until each takes about two seconds: what is finished is soon kept."""
    numbers, size = iter(todo), workers
    while batch := list(islice(numbers, size)):
        begun = time.perf_counter()
        yield from pool(calls(batch))
        seconds = max(time.perf_counter() - begun, 1e-3)
        size = max(workers, min(4 * size, int(size * SECONDS_PER_BATCH / seconds)))
