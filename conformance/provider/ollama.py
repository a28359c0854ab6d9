"""Ollama's native API: chat, embed and tags."""

from .conversation import Heard, Violation
from .script import compact, pieces

SCHEMAS = {"chat": "ChatRequest", "embeddings": "EmbedRequest"}
FINISH = {"length": "length"}
OPTIONS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed", "num_predict": "max_tokens", "stop": "stop"}


def read(body):
    heard = Heard()
    for message in body["messages"]:
        role = message["role"]
        for image in message.get("images") or []:
            if image.startswith("data:"):
                raise Violation("an image has a data: prefix")
            heard.talk.append(["image", image])
        if role == "tool":
            if not message.get("tool_name") and not message.get("tool_call_id"):
                raise Violation("a tool message names no tool")
            heard.result(message.get("tool_call_id"), message.get("tool_name"), message["content"], None)
        else:
            heard.say(role, message.get("content"))
        for call in message.get("tool_calls") or []:
            heard.call(call.get("id"), call["function"]["name"], call["function"]["arguments"])
    for tool in body.get("tools") or []:
        heard.tools[tool["function"]["name"]] = tool["function"].get("parameters") or {"type": "object"}
    settings(body, heard)
    return heard


def settings(body, heard):
    options = body.get("options") or {}
    # A context that holds the prompt may be asked for without anybody's wish.
    if unknown := sorted(set(options) - set(OPTIONS) - {"num_ctx"}):
        raise Violation(f"options that nobody set: {unknown}")
    for name, ours in OPTIONS.items():
        heard.set(ours, options.get(name))
    heard.set("reasoning", body.get("think") not in (None, False))
    heard.set("logprobs", body.get("top_logprobs") if body.get("logprobs") else None)
    form = body.get("format") or None
    heard.set("json", form == "json")
    heard.set("schema", form if isinstance(form, dict) else None)


def head(script):
    return {"model": script.model, "created_at": "2026-09-21T12:00:00.123456Z"}


def logprobs(script):
    if not script.logprobs:
        return {}
    top = [{"token": token, "logprob": value, "bytes": list(token.encode())} for token, value in script.logprobs]
    return {"logprobs": [{**top[0], "top_logprobs": top}]}


def end(script):
    counts = script.counts
    return {"done": True, "done_reason": FINISH.get(script.finish, "stop"), "total_duration": 5000000, "load_duration": 1000000,
            "prompt_eval_count": counts["input"], "prompt_eval_duration": 1000000, "eval_count": counts["output"], "eval_duration": 3000000}


def calls(script):
    return [{"id": script.call_id("call_", place), "function": {"index": place, "name": name, "arguments": arguments}}
            for place, (name, arguments) in enumerate(script.calls or [])]


def whole(script):
    message = {"role": "assistant", "content": script.text or ""}
    if script.reasoning:
        message["thinking"] = script.reasoning
    if script.calls:
        message["tool_calls"] = calls(script)
    return {**head(script), "message": message, **logprobs(script), **end(script)}


def stream(script):
    def line(message, **more):
        return (compact({**head(script), "message": {"role": "assistant", "content": "", **message}, **more}) + "\n").encode()

    for text in pieces(script.reasoning or ""):
        yield line({"thinking": text}, done=False)
    for text in pieces(script.text or ""):
        yield line({"content": text}, done=False, **logprobs(script))
    if script.answer.get("break"):
        return
    for call in calls(script):
        yield line({"tool_calls": [call]}, done=False)
    yield line({}, **end(script))


def failure(script):
    return (compact({"error": script.message}) + "\n").encode()


def error(status, message):
    return {"error": message}


def embeddings(script, body):
    return {"model": script.model, "embeddings": script.vectors, "total_duration": 1, "load_duration": 1,
            "prompt_eval_count": script.answer["usage"]["input"]}


def embedded(body):
    return [body["input"]] if isinstance(body["input"], str) else body["input"]


def models(names):
    details = {"parent_model": "", "format": "gguf", "family": "scripted", "families": ["scripted"], "parameter_size": "1B", "quantization_level": "Q4_0"}
    return {"models": [{"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": 1, "digest": "0" * 64, "details": details}
                       for name in names]}
