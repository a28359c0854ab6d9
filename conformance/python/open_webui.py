"""The way Open WebUI calls an OpenAI-compatible server: plain HTTP, a model list, streamed chats and embeddings."""

import json

import httpx

from driver import CannotSay
from openai_chat import Sdk as Openai
from openai_chat import gathered, told


class Refused(Exception):
    """An answer with another status than 200, or an error in the stream."""

    def __init__(self, text, status=None):
        super().__init__(text)
        self.status_code = status


class Sdk:
    start = Openai.start
    reply = Openai.reply
    settings = Openai.options

    def __init__(self, url, key):
        self.url = f"{url}/v1"
        self.client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def ask(self, cell, messages, stream):
        settings = self.settings(cell)
        if "max_completion_tokens" in settings:
            settings["max_tokens"] = settings.pop("max_completion_tokens")
        body = {"stream": stream, "model": cell["model"], "messages": messages, **settings}
        if not stream:
            answer = self.client.post(f"{self.url}/chat/completions", json=body)
            return told(fine(answer))
        body["stream_options"] = {"include_usage": True}
        with self.client.stream("POST", f"{self.url}/chat/completions", json=body) as answer:
            if answer.status_code != 200:
                answer.read()
                fine(answer)
            if not answer.headers["content-type"].startswith("text/event-stream"):
                raise AssertionError(f"a stream is {answer.headers['content-type']}")
            return gathered(list(chunks(answer.iter_lines())))

    def embed(self, cell):
        if cell["request"]["encoding"] == "base64":
            raise CannotSay("it asks for numbers only")
        answer = fine(self.client.post(f"{self.url}/embeddings", json={"model": cell["model"], "input": cell["request"]["input"]}))
        return {"vectors": [entry["embedding"] for entry in answer["data"]], "usage": {"input": answer["usage"]["prompt_tokens"]}}

    def models(self, cell):
        return {"models": [model["id"] for model in fine(self.client.get(f"{self.url}/models"))["data"]]}


def chunks(lines):
    for line in lines:
        if line == "data: [DONE]":
            return
        if line.startswith("data: "):
            chunk = json.loads(line.removeprefix("data: "))
            if "error" in chunk:
                raise Refused(json.dumps(chunk["error"]))
            yield chunk
    raise AssertionError("the stream has no [DONE]")


def fine(answer):
    if answer.status_code != 200:
        raise Refused(answer.text, answer.status_code)
    return answer.json()
