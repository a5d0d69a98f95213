"""Language models behind one door: an endpoint, the local model, a recording, a script. All answer the same call."""

from labkit.llm._batch import Request, ask_all
from labkit.llm._endpoint import Endpoint, EndpointError, Meter
from labkit.llm._identity import Identity
from labkit.llm._lines import RecordingError
from labkit.llm._recording import MissingRecording, Provenance, Recorded, recorded
from labkit.llm._scripted import Scripted, noisy_calculator, of_accuracy
from labkit.llm._server import LocalServer, engine_version, local_server, missing
from labkit.llm._weights import SMOLLM2, ModelUnavailable, Weights, fetch

__all__ = [
    "SMOLLM2",
    "Endpoint",
    "EndpointError",
    "Identity",
    "LocalServer",
    "Meter",
    "MissingRecording",
    "ModelUnavailable",
    "Provenance",
    "Recorded",
    "RecordingError",
    "Request",
    "Scripted",
    "Weights",
    "ask_all",
    "engine_version",
    "fetch",
    "local_server",
    "missing",
    "noisy_calculator",
    "of_accuracy",
    "recorded",
]
