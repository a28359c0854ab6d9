"""Anthropic messages, token counts and models."""

import re

from .conversation import Heard, Violation
from .script import compact, pieces, sse

SCHEMAS = {"chat": "ROOT.MessageCreateRequest", "count": "ROOT.CountTokensRequest"}
FINISH = {"stop": "end_turn", "stop_sequence": "stop_sequence", "length": "max_tokens", "tools": "tool_use", "filter": "refusal"}
MEDIA_TYPES = {"image": "image/png", "document": "application/pdf"}
TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
         429: "rate_limit_error", 529: "overloaded_error"}


def read(body):
    heard = Heard()
    system = body.get("system") or ""
    heard.say("system", system if isinstance(system, str) else "\n\n".join(block["text"] for block in system))
    role = None
    for message in body["messages"]:
        if message["role"] not in ("user", "assistant"):
            raise Violation(f"the role {message['role']} stands in messages")
        waiting = bool(heard.calls)
        if waiting and role == "assistant" and message["role"] == "user":
            answered(message, heard)
        role = message["role"]
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            read_block(block, role, heard)
    if heard.calls:
        raise Violation(f"tool_use without tool_result: {sorted(heard.calls)}")
    for tool in body.get("tools") or []:
        heard.tools[tool["name"]] = tool["input_schema"]
    for name in ("temperature", "top_p", "top_k"):
        heard.set(name, body.get(name))
    if body.get("temperature", 0) > 1:
        raise Violation("temperature: range: 0..1")
    heard.set("max_tokens", body.get("max_tokens"))
    heard.set("stop", body.get("stop_sequences"))
    thinking = body.get("thinking") or {}
    heard.set("reasoning", thinking.get("type") in ("enabled", "adaptive"))
    if thinking.get("type") == "enabled" and not 1024 <= thinking["budget_tokens"] < body["max_tokens"]:
        raise Violation("budget_tokens is not between 1024 and max_tokens")
    choice = body.get("tool_choice") or {"type": "auto"}
    heard.set("tool_choice", {"auto": None, "any": "required", "tool": choice.get("name"), "none": "none"}[choice["type"]])
    form = (body.get("output_config") or {}).get("format")
    heard.set("schema", form["schema"] if form else None)
    return heard


def answered(message, heard):
    """The results of all calls have to stand first in the very next message."""
    content = message["content"] if isinstance(message["content"], list) else []
    results = [block["tool_use_id"] for block in content[:len(heard.calls)] if block["type"] == "tool_result"]
    if missing := set(heard.calls) - set(results):
        raise Violation(f"tool_use ids without tool_result blocks immediately after: {sorted(missing)}")


def read_block(block, role, heard):
    kind = block["type"]
    if kind == "text":
        if not block["text"]:
            raise Violation("text content blocks must be non-empty")
        heard.say(role, block["text"])
    elif kind in MEDIA_TYPES:
        source = block["source"]
        if source["type"] != "base64" or source["media_type"] != MEDIA_TYPES[kind]:
            raise Violation(f"not the {kind} that was sent: {str(source)[:80]}")
        heard.talk.append([kind, source["data"]])
    elif kind == "tool_use":
        if not re.fullmatch("[a-zA-Z0-9_-]+", block["id"]):
            raise Violation(f"the tool_use id {block['id']!r} has other letters than it may")
        heard.call(block["id"], block["name"], block["input"])
    elif kind == "tool_result":
        content = block.get("content") or ""
        text = content if isinstance(content, str) else "".join(part["text"] for part in content)
        heard.result(block["tool_use_id"], None, text, bool(block.get("is_error")))
    elif kind == "thinking":
        heard.seals.append(block["signature"])
    elif kind == "redacted_thinking":
        heard.seals.append(block["data"])
    else:
        raise Violation(f"a block of type {kind} was never sent")


def usage(script):
    counts = script.counts
    return {"input_tokens": counts["input"] - counts["cached"], "cache_creation_input_tokens": 0, "cache_read_input_tokens": counts["cached"],
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, "output_tokens": counts["output"],
            "service_tier": "standard"}


def blocks(script):
    found = []
    if script.reasoning:
        found.append({"type": "thinking", "thinking": script.reasoning, "signature": script.seal})
    if script.text:
        found.append({"type": "text", "text": script.text})
    for place, (name, arguments) in enumerate(script.calls or []):
        found.append({"type": "tool_use", "id": script.call_id("toolu_", place), "name": name, "input": arguments})
    return found


def whole(script):
    sequence = "six" if script.finish == "stop_sequence" else None
    return {"id": script.id("msg_"), "type": "message", "role": "assistant", "model": script.model, "content": blocks(script),
            "stop_reason": FINISH[script.finish], "stop_sequence": sequence, "usage": usage(script)}


def stream(script):
    def event(kind, **members):
        return sse({"type": kind, **members}, kind)

    answer = whole(script)
    start = {**answer, "content": [], "stop_reason": None, "stop_sequence": None, "usage": {**answer["usage"], "output_tokens": 1}}
    yield event("message_start", message=start)
    yield event("ping")
    for place, block in enumerate(answer["content"]):
        empty = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": ""}, "tool_use": {"input": {}}}[block["type"]]
        yield event("content_block_start", index=place, content_block={**block, **empty})
        if block["type"] == "thinking":
            deltas = [{"type": "thinking_delta", "thinking": text} for text in pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif block["type"] == "text":
            deltas = [{"type": "text_delta", "text": text} for text in pieces(block["text"])]
        else:
            said = pieces(compact(block["input"]), 7) if block["input"] else []
            deltas = [{"type": "input_json_delta", "partial_json": text} for text in ["", *said]]
        for delta in deltas:
            yield event("content_block_delta", index=place, delta=delta)
        if script.answer.get("break"):
            return
        yield event("content_block_stop", index=place)
    ended = {"stop_reason": answer["stop_reason"], "stop_sequence": answer["stop_sequence"]}
    yield event("message_delta", delta=ended, usage={"output_tokens": answer["usage"]["output_tokens"]})
    yield event("message_stop")


def failure(script):
    return sse({"type": "error", "error": {"type": "api_error", "message": script.message}}, "error")


def error(status, message):
    return {"type": "error", "error": {"type": TYPES.get(status, "api_error"), "message": message}, "request_id": "req_scripted"}


def count(script):
    return {"input_tokens": script.tokens}


def models(names):
    return {"data": [{"type": "model", "id": name, "display_name": name.title(), "created_at": "2026-01-01T00:00:00Z"} for name in names],
            "has_more": False, "first_id": names[0], "last_id": names[-1]}
