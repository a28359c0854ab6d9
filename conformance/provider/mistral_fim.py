"""Mistral's fill-in-the-middle: a prompt and what comes after, answered as a chat is."""

from .conversation import Heard
from .mistral import error, failure, stream, whole

SCHEMAS = {"chat": "FIMCompletionRequest"}

__all__ = ["SCHEMAS", "error", "failure", "read", "stream", "whole"]


def read(body):
    heard = Heard()
    heard.say("user", body["prompt"])
    for name, ours in (("suffix", "suffix"), ("max_tokens", "max_tokens"), ("temperature", "temperature"), ("top_p", "top_p"),
                       ("random_seed", "seed"), ("stop", "stop")):
        heard.set(ours, body.get(name))
    return heard
