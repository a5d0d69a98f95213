"""A model server on loopback that behaves well or badly, one behaviour per request."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = {
    "id": "1", "object": "chat.completion", "created": 0, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris."}}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
}  # fmt: skip


class BadServer:
    """Answers each request as the next entry of `script` says; the last entry goes on for ever.

    Entries: "good", a dict (sent as JSON), "429", "500", "401", "html", "half", "silence".
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
        self.send(request, what)

    def send(self, request, what):
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
