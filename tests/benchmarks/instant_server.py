"""A model server on loopback that answers at once: what a debate costs beside the model.

It runs in a process of its own, so that its work is not counted among its clients'. What it says depends on what it
is asked and nothing else: the model "words" answers by the last message, "role" by the system message alone. It counts
the calls and keeps a fingerprint of everything that it was asked, by which two clients can be compared.

    python instant_server.py      prints its port, and ends when its standard input does
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import urllib.request


def text_of(content):
    """Return what a message says, whether as text or as a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def answer_to(model, told):
    """Return what is said to a conversation of (role, text): by its last message, or by its first alone."""
    key = told[-1][1] if model == "words" else told[0][1]
    return f"answer {int(hashlib.sha256(key.encode()).hexdigest(), 16) % 97}"


class Memory:
    """Which calls have come since it was last asked."""

    def __init__(self):
        self.seen = []

    def answer(self, asked):
        told = [(message["role"], text_of(message["content"])) for message in asked["messages"]]
        self.seen.append(hashlib.sha256(json.dumps(told).encode()).hexdigest())
        message = {"role": "assistant", "content": answer_to(asked["model"], told)}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
        }

    def report(self):
        found = {"calls": len(self.seen), "asked": hashlib.sha256("".join(sorted(self.seen)).encode()).hexdigest()}
        self.seen.clear()
        return found


async def serve(memory):
    async def talk(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                said = memory.answer(json.loads(body)) if body else memory.report()
                data = json.dumps(said).encode()
                start = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(start.encode() + data)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


class InstantServer:
    """The server as a process of its own, gone at the end of the block."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def seen(self):
        """Return how many calls have come since the last time, and the fingerprint of what was asked."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            return json.load(answer)


if __name__ == "__main__":
    asyncio.run(serve(Memory()))
