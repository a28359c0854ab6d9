"""OpenAI chat completions, embeddings and models; also spoken by compatible servers."""

import base64
import json
import struct

from .conversation import Heard, Violation
from .script import Script, compact, pieces, sse

SCHEMAS = {"chat": "CreateChatCompletionRequest", "embeddings": "CreateEmbeddingRequest"}
FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter"}
CALL_PREFIX = "call_"
TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "invalid_request_error", 429: "rate_limit_error"}


def read(body, check_id=lambda call_id: None, file_url=lambda part: part["file"]["file_data"], file_type="file"):
    heard = Heard()
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        if role == "tool":
            if not message.get("tool_call_id"):
                raise Violation("a tool message has no tool_call_id")
            heard.result(message["tool_call_id"], None, text_of(content), None)
            continue
        if heard.calls:
            raise Violation(f"a {role} message follows calls that have no result yet: {sorted(heard.calls)}")
        if role == "user" and isinstance(content, list):
            for part in content:
                if part["type"] == "image_url":
                    heard.talk.append(["image", data_url(part["image_url"])])
                elif part["type"] == file_type:
                    heard.talk.append(["document", data_url(file_url(part), "application/pdf")])
                else:
                    heard.say("user", part["text"])
        else:
            heard.say(role, text_of(content))
        for call in message.get("tool_calls") or []:
            check_id(call["id"])
            heard.call(call["id"], call["function"]["name"], json_object(call["function"]["arguments"]))
    for tool in body.get("tools") or []:
        heard.tools[tool["function"]["name"]] = tool["function"].get("parameters") or {"type": "object"}
    settings(body, heard)
    return heard


def settings(body, heard):
    for name in ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty"):
        heard.set(name, body.get(name))
    heard.set("max_tokens", body.get("max_completion_tokens") or body.get("max_tokens"))
    heard.set("n", body.get("n") if body.get("n") != 1 else None)
    heard.set("logprobs", body.get("top_logprobs") if body.get("logprobs") else None)
    stop = body.get("stop")
    heard.set("stop", [stop] if isinstance(stop, str) else stop)
    heard.set("reasoning", body.get("reasoning_effort") not in (None, "none"))
    choice = body.get("tool_choice")
    heard.set("tool_choice", choice["function"]["name"] if isinstance(choice, dict) else {"auto": None, "any": "required"}.get(choice, choice))
    form = body.get("response_format") or {}
    heard.set("json", form.get("type") == "json_object")
    if form.get("type") == "json_schema":
        heard.set("schema", form["json_schema"].get("schema", form["json_schema"].get("schema_definition")))


def text_of(content):
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def data_url(place, mime="image/png"):
    url = place if isinstance(place, str) else place["url"]
    head, _, data = url.partition(",")
    if head != f"data:{mime};base64":
        raise Violation(f"the address of what should be {mime} begins with {head[:40]!r}")
    return data


def json_object(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise Violation(f"arguments are no JSON text: {text!r}") from error


def usage(script):
    counts = script.counts
    return {"prompt_tokens": counts["input"], "completion_tokens": counts["output"], "total_tokens": counts["input"] + counts["output"],
            "prompt_tokens_details": {"cached_tokens": counts["cached"], "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": counts["thoughts"], "audio_tokens": 0}}


def logprobs(script):
    if not script.logprobs:
        return None
    top = [{"token": token, "logprob": value, "bytes": list(token.encode())} for token, value in script.logprobs]
    return {"content": [{**top[0], "top_logprobs": top}], "refusal": None}


def calls(script, prefix=CALL_PREFIX):
    return [{"id": script.call_id(prefix, place), "type": "function", "function": {"name": name, "arguments": compact(arguments)}}
            for place, (name, arguments) in enumerate(script.calls or [])]


def whole(script: Script, thoughts=None):
    choices = []
    for place, text in enumerate(script.texts):
        message = {"role": "assistant", "content": text or None, "refusal": None, "annotations": []}
        if thoughts and script.reasoning:
            message[thoughts] = script.reasoning
        if script.calls:
            message["tool_calls"] = calls(script)
        choices.append({"index": place, "message": message, "logprobs": logprobs(script), "finish_reason": FINISH[script.finish]})
    return {"id": script.id("chatcmpl-"), "object": "chat.completion", "created": 1790000000, "model": script.model, "choices": choices,
            "usage": usage(script), "service_tier": "default", "system_fingerprint": None}


def stream(script: Script, thoughts=None):
    def chunk(choices, **more):
        counts = {"usage": None} if script.usage_wanted else {}
        return sse({"id": script.id("chatcmpl-"), "object": "chat.completion.chunk", "created": 1790000000, "model": script.model,
                    "service_tier": "default", "system_fingerprint": None, "choices": choices, **counts, **more})

    def piece(delta, place=0, finish=None, **more):
        return chunk([{"index": place, "delta": delta, "logprobs": None, "finish_reason": finish, **more}])

    texts = [pieces(text) for text in script.texts]
    for place in range(len(texts)):
        yield piece({"role": "assistant", "content": "", "refusal": None}, place)
    if thoughts:
        for part in pieces(script.reasoning or ""):
            yield piece({thoughts: part})
    for step in range(max(map(len, texts))):
        for place, parts in enumerate(texts):
            if step < len(parts):
                yield piece({"content": parts[step]}, place, logprobs=logprobs(script))
    if script.answer.get("break"):
        return
    for place, call in enumerate(calls(script)):
        yield piece({"tool_calls": [{"index": place, **call, "function": {"name": call["function"]["name"], "arguments": ""}}]})
    # Calls that are made side by side grow side by side.
    growing = [pieces(call["function"]["arguments"], 7) for call in calls(script)]
    for step in range(max(map(len, growing), default=0)):
        for place, parts in enumerate(growing):
            if step < len(parts):
                yield piece({"tool_calls": [{"index": place, "function": {"arguments": parts[step]}}]})
    for place in range(len(texts)):
        yield piece({}, place, FINISH[script.finish])
    if script.usage_wanted:
        yield chunk([], usage=usage(script))
    yield sse("[DONE]")


def failure(script):
    return sse(error(500, script.message))


def error(status, message):
    return {"error": {"message": message, "type": TYPES.get(status, "server_error"), "param": None, "code": None}}


def embeddings(script, body):
    def vector(values):
        if body.get("encoding_format") == "base64":
            return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
        return values

    count = script.answer["usage"]["input"]
    return {"object": "list", "model": script.model, "usage": {"prompt_tokens": count, "total_tokens": count},
            "data": [{"object": "embedding", "index": place, "embedding": vector(values)} for place, values in enumerate(script.vectors)]}


def embedded(body):
    return [body["input"]] if isinstance(body["input"], str) else body["input"]


def models(names):
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1790000000, "owned_by": "scripted"} for name in names]}
