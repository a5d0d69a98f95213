"""A model server on loopback that behaves well or badly, one behaviour per request."""

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = {
    "id": "1", "object": "chat.completion", "created": 0, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris."}}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
}  # fmt: skip


@dataclass
class Says:
    """One response, byte by byte: `promised` is the length it announces, None is a body in chunks that has no end."""

    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)
    promised: int | None = -1
    reset: bool = False


class BadServer:
    """Answers each request as the next entry of `script` says; the last entry goes on for ever.

    Entries: "good", a dict (sent as JSON), a function of what was asked that returns an entry, a `Says`, "429", "500",
    "401", "400", "html", "half", "silence", "gone" (the server breaks off, and from then on there is none).
    """

    def __init__(self, *script, delay=0.0):
        self.script, self.delay = list(script), delay
        self.bodies, self.headers, self.at = [], [], []
        self.now = self.most = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def leave(self):
        """Be gone: nobody listens any more."""
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self.lock:
            self.at.append(time.monotonic())
            self.bodies.append(body)
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
            what = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.delay)
        with self.lock:
            self.now -= 1
        self.send(request, what, body)

    def send(self, request, what, asked):
        if callable(what):
            what = what(asked)
        if what == "gone":
            threading.Thread(target=self.leave, daemon=True).start()
            what = Says(status=0, reset=True)
        if isinstance(what, Says):
            self.say(request, what)
            return
        if what == "silence":
            time.sleep(3)
            return
        if what == "half":
            request.send_response(200)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", "4000")
            request.end_headers()
            request.wfile.write(json.dumps(GOOD)[:40].encode())
            request.close_connection = True
            return
        status, kind, text = 200, "application/json", json.dumps(GOOD if what == "good" else what)
        if what == "html":
            kind, text = "text/html", "<html><script>alert(1)</script>welcome</html>"
        if what in ("429", "500", "401", "400"):
            status = int(what)
            said = request.headers.get("Authorization", "")
            text = json.dumps({"error": {"message": f"no: {said}", "type": "x", "code": what}})
        request.send_response(status)
        request.send_header("Content-Type", kind)
        if what == "429":
            request.send_header("Retry-After", "1")
        request.send_header("Content-Length", str(len(text.encode())))
        request.end_headers()
        request.wfile.write(text.encode())

    def say(self, request, what):
        request.close_connection = True
        if what.status:
            request.send_response(what.status)
            for name, value in ({"Content-Type": "application/json"} | what.headers).items():
                request.send_header(name, value)
            if what.promised is None:
                request.send_header("Transfer-Encoding", "chunked")
            else:
                request.send_header("Content-Length", str(what.promised if what.promised >= 0 else len(what.body)))
            request.end_headers()
            body = what.body if what.promised is not None else f"{len(what.body):x}\r\n".encode() + what.body + b"\r\n"
            request.wfile.write(body)
        if what.reset:
            # Closing without lingering sends a reset in place of an ordinary end.
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()
