"""Serves all dialects on one port, each below its own prefix, and tells afterwards what it was asked.

The model's name ends in `.N`, the number of a cell in the plan; the cell says what the request has to be and what the answer is.
"""

import argparse
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from . import anthropic, google, mistral, mistral_fim, ollama, ollama_generate, openai_chat, openai_responses
from .conversation import Violation, check
from .schemas import Schemas
from .script import Script, seal

CHAT, EMBEDDINGS, COUNT = "chat", "embeddings", "count"

#: What is served at a path: the dialect's module, the kind of request, and whether the path says that the answer is streamed.
ROUTES = [
    (r"/(?:openai|custom)/v1/chat/completions", openai_chat, CHAT),
    (r"/(?:openai|custom)/v1/embeddings", openai_chat, EMBEDDINGS),
    (r"/openai/v1/responses", openai_responses, CHAT),
    (r"/anthropic/v1/messages", anthropic, CHAT),
    (r"/anthropic/v1/messages/count_tokens", anthropic, COUNT),
    (r"/google/v1(?:beta)?/models/(?P<model>[^/]+):(?P<verb>generateContent|streamGenerateContent)", google, CHAT),
    (r"/google/v1(?:beta)?/models/(?P<model>[^/]+):countTokens", google, COUNT),
    (r"/google/v1(?:beta)?/models/(?P<model>[^/]+):batchEmbedContents", google, EMBEDDINGS),
    (r"/mistral/v1/chat/completions", mistral, CHAT),
    (r"/mistral/v1/fim/completions", mistral_fim, CHAT),
    (r"/mistral/v1/embeddings", mistral, EMBEDDINGS),
    (r"/ollama/api/chat", ollama, CHAT),
    (r"/ollama/api/generate", ollama_generate, CHAT),
    (r"/ollama/api/embed", ollama, EMBEDDINGS),
]
LISTS = [
    (r"/(?:openai|custom)/v1/models", openai_chat),
    (r"/anthropic/v1/models", anthropic),
    (r"/google/v1(?:beta)?/models", google),
    (r"/mistral/v1/models", mistral),
    (r"/ollama/api/tags", ollama),
]
#: The dialects that sign thoughts.
SIGNS_THOUGHTS = (anthropic, openai_responses, google)
#: What streams lines, does so unless told otherwise, and asks for no key.
OLLAMA = (ollama, ollama_generate)


class Provider:
    """The plan, the vendors' schemas, and what was asked so far."""

    def __init__(self, plan, specs, key):
        self.cells = {cell["id"]: cell for cell in plan["cells"]}
        self.names = plan["models"]
        self.schemas = Schemas(specs)
        self.key = key
        self.record = {}
        self.lock = threading.Lock()

    def note(self, cell, violation=None):
        with self.lock:
            entry = self.record.setdefault(cell, {"requests": 0, "violations": []})
            entry["requests"] += violation is None
            entry["violations"] += [violation] if violation else []

    def cell_of(self, model):
        found = re.search(r"\.(\d+)$", model)
        if not found or int(found[1]) not in self.cells:
            raise Violation(f"the model {model!r} is no cell's")
        return self.cells[int(found[1])]

    def script(self, dialect, kind, model, body, cell, path):
        """Checks a request and returns its answer's script."""
        name = dialect.__name__.rpartition(".")[2]
        shown = google.camel(body) if dialect is google else body
        self.schemas.check(name, kind, dialect.SCHEMAS[kind], shown)
        if kind == EMBEDDINGS:
            if cell["request"]["input"] != dialect.embedded(body):
                raise Violation(f"input: got {dialect.embedded(body)!r}")
            return Script(cell["turns"][0]["answer"], cell["id"], 0, model)
        heard = dialect.read(body)
        results = [entry[0] == "result" for entry in heard.talk]
        turn = sum(now and not before for before, now in zip([False, *results], results))
        if turn >= len(cell["turns"]):
            raise Violation(f"there is no turn {turn}")
        check(heard, cell, turn)
        check_seals(dialect, heard, cell, turn)
        usage = (body.get("stream_options") or {}).get("include_usage", False)
        return Script(cell["turns"][turn]["answer"], cell["id"], turn, model, usage)


def check_seals(dialect, heard, cell, turn):
    due = []
    for before in range(turn):
        if dialect in SIGNS_THOUGHTS and (cell["turns"][before]["answer"].get("reasoning") or dialect is google):
            due.append(seal(cell["id"], before))
    if foreign := [found for found in heard.seals if found not in due]:
        raise Violation(f"a signature that this provider never made: {foreign}")
    if cell["seals_come_back"] and sorted(heard.seals) != sorted(due):
        raise Violation(f"{len(due)} signatures have to come back, but {len(heard.seals)} did")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    provider: Provider

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.partition("?")[0]
        for pattern, dialect in LISTS:
            if re.fullmatch(pattern, path):
                return self.answer(200, dialect.models(self.provider.names))
        if path == "/record":
            return self.answer(200, self.provider.record)
        if path == "/ollama/api/version":
            return self.answer(200, {"version": "0.30.0"})
        return self.answer(404, {"error": f"nothing is at {path}"})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        for pattern, dialect, kind in ROUTES:
            if found := re.fullmatch(pattern, path):
                return self.serve(dialect, kind, found.groupdict(), raw)
        self.provider.note(0, f"a request to {path}")
        return self.answer(404, {"error": f"nothing is at {path}"})

    def serve(self, dialect, kind, said, raw):
        number = 0
        try:
            body = json.loads(raw, object_pairs_hook=no_twins)
            model = said.get("model") or body["model"]
            cell = self.provider.cell_of(model)
            number = cell["id"]
            self.provider.note(number)
            self.check_head(dialect)
            script = self.provider.script(dialect, kind, model, body, cell, self.path)
            streamed = said.get("verb") == "streamGenerateContent" or body.get("stream", dialect in OLLAMA)
            if kind == CHAT and bool(streamed) != cell["streams_upstream"]:
                raise Violation(f"stream: expected {cell['streams_upstream']}, got {streamed}")
        except (Violation, KeyError, TypeError, AttributeError, ValueError, IndexError) as fault:
            detail = str(fault) if isinstance(fault, Violation) else f"{type(fault).__name__}: {fault}"
            self.provider.note(number, detail)
            return self.answer(400, dialect.error(400, f"violation: {detail}"))
        thoughts = {"thoughts": "reasoning_content"} if self.path.startswith("/custom/") and kind == CHAT else {}
        if script.silent:
            return self.say_no_more()
        if fault := script.error:
            return self.refuse(dialect, **fault)
        if kind == EMBEDDINGS:
            return self.answer(200, dialect.embeddings(script, body))
        if kind == COUNT:
            return self.answer(200, dialect.count(script))
        if not streamed:
            return self.answer(200, dialect.whole(script, **thoughts))
        frames = b"".join(dialect.stream(script, **thoughts))
        if script.answer.get("break") == "error":
            frames += dialect.failure(script)
        self.stream("application/x-ndjson" if dialect in OLLAMA else "text/event-stream", frames)
        if script.answer.get("break") == "silent":
            return self.say_no_more()
        return self.wfile.write(b"0\r\n\r\n")

    def check_head(self, dialect):
        given = {self.headers.get("x-goog-api-key"), self.headers.get("x-api-key"), (self.headers.get("authorization") or "").removeprefix("Bearer ")}
        if dialect not in OLLAMA and self.provider.key not in given:
            raise Violation("the key is not the one that was registered")
        if dialect is anthropic and not self.headers.get("anthropic-version"):
            raise Violation("anthropic-version is missing")
        if dialect is google and "streamGenerateContent" in self.path and "alt=sse" not in self.path:
            raise Violation("a stream was asked for without alt=sse")

    def refuse(self, dialect, status, message, retry_after_s=None):
        more = {"retry-after": str(retry_after_s)} if retry_after_s else {}
        if dialect is google:
            return self.answer(status, google.error(status, message, retry_after_s))
        return self.answer(status, dialect.error(status, message), more)

    def answer(self, status, body, headers=()):
        text = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(text)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def stream(self, kind, frames):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        # Chunks end in the middle of events, and of characters.
        for start in range(0, len(frames), 251):
            piece = frames[start:start + 251]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def say_no_more(self):
        """Waits for the caller to hang up."""
        self.close_connection = True
        self.rfile.read(1)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        # Clients end as they like.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def no_twins(pairs):
    if len(found := dict(pairs)) != len(pairs):
        raise Violation(f"a member is there twice: {[name for name, _ in pairs]}")
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--plan", required=True, type=Path)
    options.add_argument("--specs")
    options.add_argument("--key", required=True)
    chosen = options.parse_args()
    plan = json.loads(chosen.plan.read_text(encoding="utf-8"))
    handler = type("Bound", (Handler,), {"provider": Provider(plan, chosen.specs, chosen.key)})
    server = Server(("127.0.0.1", 0), handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
