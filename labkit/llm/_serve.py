"""The model server, run in a process of its own: `python -m labkit.llm._serve`, spoken to over stdin and stdout.

The first line of stdin is JSON: where the weights lie, the key to ask for, threads, slots and context. The answer is
one line of JSON with the address. The server ends when stdin closes: it cannot outlive who started it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Serve until stdin closes."""
    asked = json.loads(sys.stdin.readline())
    # The engine writes its log to stdout; what is left there is the address alone.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    server = _start(asked)
    print(json.dumps({"url": f"{server.listening_address}/v1"}), file=answers, flush=True)
    sys.stdin.read()
    # Nothing is left to save, and the engine's threads would delay an ordinary exit.
    os._exit(0)


def _start(asked: dict[str, Any]) -> Any:
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = asked["weights"]
    options.model_alias = {asked["model"]}
    options.hostnames, options.port = ["127.0.0.1"], 0
    options.api_keys = [asked["key"]]
    options.n_parallel = asked["slots"]
    # The slots share the context.
    options.n_ctx = asked["context"] * asked["slots"]
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = asked["threads"]
    options.use_jinja, options.cont_batching = True, True
    options.cache_ram_mib, options.fit_params = 0, False
    options.ui, options.offline, options.endpoint_slots = False, True, False
    options.verbosity = 0
    return xllamacpp.Server(options)


if __name__ == "__main__":
    main()
