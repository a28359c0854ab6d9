"""A scripted provider: it asks for one tool, and once it has that tool's result it says the last word.

It speaks OpenAI chat completions, OpenAI responses and Anthropic messages, all streamed or whole, and keeps what it was sent.
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Script:
    """What the provider asks for and says: the arguments for each tool it knows, of which it calls the first that is offered."""

    calls: dict
    last_word: str


@dataclass
class Seen:
    """What one request held."""

    model: str
    streamed: bool
    texts: list
    tools: list
    results: list = field(default_factory=list)


def text_of(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


class Chat:
    path = "/chat/completions"

    @staticmethod
    def read(body):
        messages = body["messages"]
        texts = [text_of(message.get("content")) for message in messages if message["role"] != "tool"]
        results = [(message["tool_call_id"], text_of(message["content"])) for message in messages if message["role"] == "tool"]
        return texts, [tool["function"]["name"] for tool in body.get("tools") or []], results

    @staticmethod
    def whole(seen, call, text):
        message = {"role": "assistant", "content": text}
        if call:
            function = {"name": call[0], "arguments": json.dumps(call[1])}
            message = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_first", "type": "function", "function": function}]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if call else "stop"}
        usage = {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}
        return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": seen.model, "choices": [choice], "usage": usage}

    @classmethod
    def events(cls, seen, call, text):
        whole = cls.whole(seen, call, text)
        message = whole["choices"][0]["message"]
        deltas = [{"role": "assistant", "content": ""}]
        if call:
            made = message["tool_calls"][0]
            name, arguments = made["function"]["name"], made["function"]["arguments"]
            deltas += [{"tool_calls": [{**made, "index": 0, "function": {"name": name, "arguments": ""}}]}]
            deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in halves(arguments)]
        else:
            deltas += [{"content": piece} for piece in halves(text)]
        head = {**whole, "object": "chat.completion.chunk", "usage": None}
        finish = whole["choices"][0]["finish_reason"]
        for delta, reason in [(delta, None) for delta in deltas] + [({}, finish)]:
            yield None, {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        yield None, {**head, "choices": [], "usage": whole["usage"]}
        yield None, "[DONE]"


class Messages:
    path = "/v1/messages"

    @staticmethod
    def read(body):
        texts = [text_of(body.get("system"))]
        results = []
        for message in body["messages"]:
            texts.append(text_of(message["content"]))
            blocks = message["content"] if isinstance(message["content"], list) else []
            results += [(block["tool_use_id"], text_of(block.get("content"))) for block in blocks if block["type"] == "tool_result"]
        return texts, [tool["name"] for tool in body.get("tools") or []], results

    @staticmethod
    def whole(seen, call, text):
        block = {"type": "text", "text": text}
        if call:
            block = {"type": "tool_use", "id": "toolu_first", "name": call[0], "input": call[1]}
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": seen.model, "content": [block],
                "stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None, "usage": {"input_tokens": 20, "output_tokens": 4}}

    @classmethod
    def events(cls, seen, call, text):
        whole = cls.whole(seen, call, text)
        start = {**whole, "content": [], "stop_reason": None, "usage": {"input_tokens": 20, "output_tokens": 1}}
        block = {**whole["content"][0], **({"input": {}} if call else {"text": ""})}
        deltas = [{"type": "text_delta", "text": piece} for piece in halves(text)]
        if call:
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in halves(json.dumps(call[1]))]
        events = [{"type": "message_start", "message": start}, {"type": "content_block_start", "index": 0, "content_block": block}, {"type": "ping"}]
        events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        events += [{"type": "content_block_stop", "index": 0}, {"type": "message_delta", "delta": delta, "usage": whole["usage"]}, {"type": "message_stop"}]
        return ((event["type"], event) for event in events)


class Responses:
    path = "/responses"

    @staticmethod
    def read(body):
        items = body["input"]
        texts = [body.get("instructions") or ""] + [text_of(item["content"]) for item in items if item["type"] == "message"]
        results = [(item["call_id"], text_of(item["output"])) for item in items if item["type"] == "function_call_output"]
        return texts, [tool.get("name") for tool in body.get("tools") or []], results

    @staticmethod
    def whole(seen, call, text):
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}]}
        if call:
            item = {"type": "function_call", "id": "fc_1", "call_id": "call_first", "name": call[0], "arguments": json.dumps(call[1]), "status": "completed"}
        usage = {"input_tokens": 20, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 24}
        return {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": seen.model, "output": [item], "usage": usage}

    @classmethod
    def events(cls, seen, call, text):
        whole = cls.whole(seen, call, text)
        item = whole["output"][0]
        place = {"item_id": item["id"], "output_index": 0}
        begun = {**item, "status": "in_progress", **({"arguments": ""} if call else {"content": []})}
        events = [{"type": "response.created", "response": {**whole, "status": "in_progress", "output": [], "usage": None}},
                  {"type": "response.output_item.added", "output_index": 0, "item": begun}]
        if call:
            events += [{"type": "response.function_call_arguments.delta", **place, "delta": piece} for piece in halves(item["arguments"])]
            events += [{"type": "response.function_call_arguments.done", **place, "arguments": item["arguments"]}]
        else:
            place["content_index"] = 0
            events += [{"type": "response.content_part.added", **place, "part": {"type": "output_text", "text": "", "annotations": []}}]
            events += [{"type": "response.output_text.delta", **place, "delta": piece} for piece in halves(text)]
            events += [{"type": "response.output_text.done", **place, "text": text},
                       {"type": "response.content_part.done", **place, "part": item["content"][0]}]
        events += [{"type": "response.output_item.done", "output_index": 0, "item": item}, {"type": "response.completed", "response": whole}]
        return ((event["type"], {**event, "sequence_number": number}) for number, event in enumerate(events))


def halves(text):
    return text[: len(text) // 2], text[len(text) // 2 :]


class Provider(ThreadingHTTPServer):
    """Listens on a free port until it is shut down."""

    daemon_threads = True

    def __init__(self, script):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, dialect, body):
        texts, tools, results = dialect.read(body)
        seen = Seen(body["model"], bool(body.get("stream")), texts, tools, results)
        self.seen.append(seen)
        # What offers none of these tools is a side call, such as one for a title.
        call = next((call for call in self.script.calls.items() if call[0] in tools), None)
        call = call if not results else None
        make = dialect.events if seen.streamed else dialect.whole
        return make(seen, call, self.script.last_word)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = self.path.split("?")[0]
        dialect = next((dialect for dialect in (Chat, Messages, Responses) if path.endswith(dialect.path)), None)
        if dialect is None:
            self.send("application/json", b'{"error": {"message": "no such path", "type": "invalid_request_error"}}', 404)
            return
        answer = self.server.answer(dialect, body)
        if isinstance(answer, dict):
            self.send("application/json", json.dumps(answer).encode())
            return
        lines = ((f"event: {name}\n" if name else "") + f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n" for name, data in answer)
        self.send("text/event-stream", "".join(lines).encode())

    def do_GET(self):
        self.send("application/json", b'{"object": "list", "data": []}')

    def do_HEAD(self):
        self.send("application/json", b"")

    def send(self, kind, body, status=200):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
