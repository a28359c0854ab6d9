"""Ollama's generate: a chat of one turn, in words of its own."""

from .conversation import Heard
from .ollama import end, error, failure, head, settings
from .script import compact, pieces

SCHEMAS = {"chat": "GenerateRequest"}

__all__ = ["SCHEMAS", "error", "failure", "read", "stream", "whole"]


def read(body):
    heard = Heard()
    heard.say("system", body.get("system"))
    heard.say("user", body["prompt"])
    settings(body, heard)
    return heard


def whole(script):
    return {**head(script), "response": script.text, **end(script)}


def stream(script):
    for text in pieces(script.text):
        yield (compact({**head(script), "response": text, "done": False}) + "\n").encode()
    yield (compact({**head(script), "response": "", **end(script)}) + "\n").encode()
