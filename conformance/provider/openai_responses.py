"""OpenAI Responses."""

from .conversation import Heard, Violation
from .openai_chat import TYPES, data_url, json_object
from .script import compact, pieces, sse

SCHEMAS = {"chat": "CreateResponse"}


def read(body):
    heard = Heard()
    heard.say("system", body.get("instructions"))
    items = body["input"]
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    for place, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "message":
            message(item, heard)
        elif kind == "function_call":
            heard.call(item["call_id"], item["name"], json_object(item["arguments"]))
        elif kind == "function_call_output":
            output = item["output"]
            text = output if isinstance(output, str) else "".join(part["text"] for part in output)
            heard.result(item["call_id"], None, text, None)
        elif kind == "reasoning":
            if place + 1 == len(items) or items[place + 1].get("type") in ("function_call_output",):
                raise Violation("a reasoning item has no following item")
            heard.seals.append(item.get("encrypted_content"))
        else:
            raise Violation(f"an item of type {kind} was never sent")
    for tool in body.get("tools") or []:
        heard.tools[tool["name"]] = tool.get("parameters") or {"type": "object"}
    for name in ("temperature", "top_p"):
        heard.set(name, body.get(name))
    heard.set("max_tokens", body.get("max_output_tokens"))
    heard.set("logprobs", body.get("top_logprobs"))
    heard.set("reasoning", (body.get("reasoning") or {}).get("effort") not in (None, "none"))
    choice = body.get("tool_choice")
    heard.set("tool_choice", choice["name"] if isinstance(choice, dict) else None if choice == "auto" else choice)
    form = (body.get("text") or {}).get("format") or {}
    heard.set("json", form.get("type") == "json_object")
    if form.get("type") == "json_schema":
        heard.set("schema", form["schema"])
    return heard


def message(item, heard):
    content = item["content"]
    if isinstance(content, str):
        heard.say(item["role"], content)
        return
    for part in content:
        if part["type"] == "input_image":
            heard.talk.append(["image", data_url(part["image_url"])])
        elif part["type"] == "input_file":
            heard.talk.append(["document", data_url(part["file_data"], "application/pdf")])
        else:
            heard.say(item["role"], part["text"])


def usage(script):
    counts = script.counts
    return {"input_tokens": counts["input"], "input_tokens_details": {"cached_tokens": counts["cached"]}, "output_tokens": counts["output"],
            "output_tokens_details": {"reasoning_tokens": counts["thoughts"]}, "total_tokens": counts["input"] + counts["output"]}


def output(script):
    """The items of the answer, whole."""
    items = []
    if script.reasoning:
        items.append({"id": script.id("rs_"), "type": "reasoning", "summary": [{"type": "summary_text", "text": script.reasoning}],
                      "encrypted_content": script.seal})
    if script.text:
        items.append({"id": script.id("msg_"), "type": "message", "status": "completed", "role": "assistant", "content": [
            {"type": "output_text", "text": script.text, "annotations": [], "logprobs": logprobs(script)}]})
    for place, (name, arguments) in enumerate(script.calls or []):
        items.append({"id": script.call_id("fc_", place), "type": "function_call", "status": "completed", "name": name,
                      "call_id": script.call_id("call_", place), "arguments": compact(arguments)})
    return items


def logprobs(script):
    if not script.logprobs:
        return []
    top = [{"token": token, "logprob": value, "bytes": list(token.encode())} for token, value in script.logprobs]
    return [{**top[0], "top_logprobs": top}]


def whole(script, items=None, status=None, error=None):
    reason = {"length": "max_output_tokens", "filter": "content_filter"}.get(script.finish)
    status = status or ("incomplete" if reason else "completed")
    return {"id": script.id("resp_"), "object": "response", "created_at": 1790000000, "status": status, "background": False, "error": error,
            "incomplete_details": {"reason": reason} if status == "incomplete" else None, "instructions": None, "max_output_tokens": None,
            "model": script.model, "output": output(script) if items is None else items, "parallel_tool_calls": True,
            "previous_response_id": None, "reasoning": {"effort": None, "summary": None}, "service_tier": "default", "store": False,
            "temperature": 1.0, "text": {"format": {"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto", "tools": [],
            "top_p": 1.0, "truncation": "disabled", "usage": usage(script) if status in ("completed", "incomplete") else None,
            "user": None, "metadata": {}}


class Writer:
    """Numbers the events."""

    def __init__(self, script):
        self.script, self.number = script, -1

    def event(self, kind, **members):
        self.number += 1
        return sse({"type": kind, "sequence_number": self.number, **members}, kind)


def stream(script):
    writer = Writer(script)
    event = writer.event
    yield event("response.created", response=whole(script, [], "in_progress"))
    yield event("response.in_progress", response=whole(script, [], "in_progress"))
    for place, item in enumerate(output(script)):
        at = {"item_id": item["id"], "output_index": place}
        empty = {"reasoning": {"summary": []}, "message": {"content": [], "status": "in_progress"},
                 "function_call": {"arguments": "", "status": "in_progress"}}[item["type"]]
        yield event("response.output_item.added", output_index=place, item={**item, **empty})
        if item["type"] == "reasoning":
            part = item["summary"][0]
            at["summary_index"] = 0
            yield event("response.reasoning_summary_part.added", **at, part={**part, "text": ""})
            for text in pieces(part["text"]):
                yield event("response.reasoning_summary_text.delta", **at, delta=text)
            yield event("response.reasoning_summary_text.done", **at, text=part["text"])
            yield event("response.reasoning_summary_part.done", **at, part=part)
        elif item["type"] == "message":
            part = item["content"][0]
            at["content_index"] = 0
            yield event("response.content_part.added", **at, part={**part, "text": "", "logprobs": []})
            for text in pieces(part["text"]):
                yield event("response.output_text.delta", **at, delta=text, logprobs=part["logprobs"], obfuscation="abc")
            if script.answer.get("break"):
                return
            yield event("response.output_text.done", **at, text=part["text"], logprobs=part["logprobs"])
            yield event("response.content_part.done", **at, part=part)
        else:
            for text in pieces(item["arguments"], 7):
                yield event("response.function_call_arguments.delta", **at, delta=text)
            yield event("response.function_call_arguments.done", **at, arguments=item["arguments"], name=item["name"])
        yield event("response.output_item.done", output_index=place, item=item)
    done = whole(script)
    yield event(f"response.{done['status']}", response=done)


def failure(script):
    fault = {"type": "server_error", "code": "server_error", "message": script.message, "param": None}
    yielded = sse({"type": "error", "sequence_number": 90, "error": fault}, "error")
    failed = whole(script, [], "failed", {"code": "server_error", "message": script.message})
    return yielded + sse({"type": "response.failed", "sequence_number": 91, "response": failed}, "response.failed")


def error(status, message):
    return {"error": {"message": message, "type": TYPES.get(status, "server_error"), "param": None, "code": None}}
