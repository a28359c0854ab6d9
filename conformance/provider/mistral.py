"""Mistral: chat completions with its own strictness, content chunks and ids."""

import re

from . import openai_chat
from .conversation import Violation
from .script import compact, pieces, sse

SCHEMAS = {"chat": "ChatCompletionRequest", "embeddings": "EmbeddingRequest"}
FINISH = openai_chat.FINISH | {"filter": "stop"}
embedded = openai_chat.embedded

#: All that the chat endpoint takes; anything else is a 422 there.
MEMBERS = set("""model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice presence_penalty
frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails prompt_cache_key safe_prompt service_tier""".split())


def read(body):
    if extra := sorted(set(body) - MEMBERS):
        raise Violation(f"extra_forbidden: {extra}")
    if body.get("tools") == []:
        raise Violation("extra_forbidden: tools is empty")
    body = dict(body, seed=body.get("random_seed"))
    messages = []
    for message in body["messages"]:
        extra = set(message) - {"role", "content", "tool_calls", "tool_call_id", "name", "prefix"}
        if extra:
            raise Violation(f"extra_forbidden: messages: {sorted(extra)}")
        if message["role"] == "developer":
            raise Violation("there is no role developer")
        content = message.get("content")
        if message["role"] == "assistant" and isinstance(content, list):
            message = dict(message, content=[chunk for chunk in content if chunk["type"] == "text"])
        messages.append(message)
    return openai_chat.read(dict(body, messages=messages), nine_characters, lambda part: part["document_url"], "document_url")


def nine_characters(call_id):
    if not re.fullmatch("[a-zA-Z0-9]{9}", call_id):
        raise Violation(f"the tool call id {call_id!r} is not nine letters and digits")


def calls(script):
    return [{"id": f"{script.cell:05}t{script.turn}c{place}", "function": {"name": name, "arguments": compact(arguments)}, "index": place}
            for place, (name, arguments) in enumerate(script.calls or [])]


def usage(script):
    counts = script.counts
    return {"prompt_tokens": counts["input"], "total_tokens": counts["input"] + counts["output"], "completion_tokens": counts["output"],
            "prompt_tokens_details": {"cached_tokens": counts["cached"]}}


def thinking(text):
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def whole(script):
    choices = []
    for place, text in enumerate(script.texts):
        content = text
        if script.reasoning:
            content = [{**thinking(script.reasoning), "closed": True}] + ([{"type": "text", "text": text}] if text else [])
        choices.append({"index": place, "finish_reason": FINISH[script.finish],
                        "message": {"role": "assistant", "tool_calls": calls(script) or None, "content": content}})
    return {"id": script.id("m"), "created": 1790000000, "model": script.model, "usage": usage(script), "object": "chat.completion", "choices": choices}


def stream(script):
    def piece(delta, place=0, finish=None, **more):
        return sse({"id": script.id("m"), "object": "chat.completion.chunk", "created": 1790000000, "model": script.model,
                    "choices": [{"index": place, "delta": delta, "finish_reason": finish}], **more, "p": "abcdef"})

    texts = [pieces(text) for text in script.texts]
    for place in range(len(texts)):
        yield piece({"role": "assistant", "content": ""}, place)
    for part in pieces(script.reasoning or "", 9):
        yield piece({"content": [thinking(part)]})
    for step in range(max(map(len, texts))):
        for place, parts in enumerate(texts):
            if step < len(parts):
                yield piece({"content": parts[step]}, place)
    if script.answer.get("break"):
        return
    for place in range(len(texts)):
        last = {"usage": usage(script)} if place + 1 == len(texts) else {}
        yield piece({"content": "", **({"tool_calls": calls(script)} if script.calls else {})}, place, FINISH[script.finish], **last)
    yield sse("[DONE]")


def failure(script):
    return sse(error(500, script.message))


def error(status, message):
    if status == 401:
        return {"detail": message}
    return {"object": "error", "message": message, "type": "invalid_request_error", "param": None, "code": "3000", "raw_status_code": status}


def models(names):
    able = {"completion_chat": True, "completion_fim": False, "function_calling": True, "fine_tuning": False, "vision": True}
    more = {"type": "base", "capabilities": able, "aliases": [], "max_context_length": 131072, "deprecation": None}
    return {"object": "list", "data": [{**model, **more} for model in openai_chat.models(names)["data"]]}


def embeddings(script, body):
    answer = openai_chat.embeddings(script, body)
    answer["usage"] |= {"completion_tokens": 0}
    return {"id": script.id("m"), **answer}
