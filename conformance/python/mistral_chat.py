"""The mistralai package."""

import json

from driver import CannotSay
from mistralai.client import Mistral


class Sdk:
    def __init__(self, url, key):
        self.client = Mistral(api_key=key, server_url=url, timeout_ms=30000)

    def start(self, cell):
        request, messages = cell["request"], []
        if "system" in request:
            messages.append({"role": "system", "content": request["system"]})
        for message in request["messages"]:
            content = message["text"]
            if message.get("image"):
                content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": f"data:image/png;base64,{cell['image']}"}]
            if message.get("document"):
                file = {"document_url": f"data:application/pdf;base64,{cell['document']}", "document_name": "report.pdf"}
                content = [{"type": "text", "text": content}, {"type": "document_url", **file}]
            messages.append({"role": message["role"], "content": content})
        return messages

    def options(self, cell):
        request = cell["request"]
        if "logprobs" in request:
            raise CannotSay("the API refuses log probabilities")
        options = {name: request[name] for name in ("temperature", "top_p", "max_tokens", "n", "stop") if name in request}
        if "seed" in request:
            options["random_seed"] = request["seed"]
        if "tools" in request:
            options["tools"] = [{"type": "function", "function": {"name": name, **cell["tools"][name]}} for name in request["tools"]]
        if choice := request.get("tool_choice"):
            options["tool_choice"] = "any" if choice == "required" else {"type": "function", "function": {"name": choice}}
        if "schema" in request:
            form = {"name": cell["schema"]["name"], "schema_definition": cell["schema"]["schema"], "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        if "json" in request:
            options["response_format"] = {"type": "json_object"}
        if "reasoning" in request:
            options["reasoning_effort"] = "high"
        return options

    def ask(self, cell, messages, stream):
        options = {"model": cell["model"], "messages": messages, **self.options(cell)}
        if not stream:
            return whole(self.client.chat.complete(**options))
        return gathered(self.client.chat.stream(**options))

    def fim(self, cell):
        request = cell["request"]
        options = {"model": cell["model"], "prompt": request["messages"][0]["text"], "suffix": request["suffix"], "max_tokens": request["max_tokens"]}
        answer = gathered(self.client.fim.stream(**options)) if cell["mode"] == "stream" else whole(self.client.fim.complete(**options))
        return answer[0]

    def reply(self, messages, asked, results):
        messages.append(asked)
        for call, result in zip(asked["tool_calls"], results):
            messages.append({"role": "tool", "tool_call_id": call["id"], "name": call["function"]["name"], "content": result["text"]})

    def embed(self, cell):
        if cell["request"]["encoding"] == "base64":
            raise CannotSay("the package reads numbers only")
        answer = self.client.embeddings.create(model=cell["model"], inputs=cell["request"]["input"])
        return {"vectors": [entry.embedding for entry in answer.data], "usage": {"input": answer.usage.prompt_tokens}}

    def models(self, cell):
        return {"models": [model.id for model in self.client.models.list().data]}

    def model(self, cell):
        return {"model": self.client.models.retrieve(model_id=cell["model"]).id}


def whole(answer):
    return told([(choice.message, choice.finish_reason) for choice in answer.choices], answer.usage)


def gathered(stream):
    """A whole answer from the events of a streamed one."""
    choices, usage = {}, None
    with stream as events:
        for event in events:
            usage = event.data.usage or usage
            for choice in event.data.choices:
                choices.setdefault(choice.index, []).append(choice)
    return told([joined(pieces) for _, pieces in sorted(choices.items())], usage)


class Joined:
    """A message put together from its pieces."""

    def __init__(self):
        self.content, self.tool_calls = [], []


def joined(pieces):
    message, finish = Joined(), None
    for piece in pieces:
        content = piece.delta.content or []
        message.content += [content] if isinstance(content, str) else content
        message.tool_calls += piece.delta.tool_calls or []
        finish = piece.finish_reason or finish
    return message, finish


def told(choices, usage):
    message, finish = choices[0]
    text, thoughts = spoken(message.content)
    calls = {}
    for call in message.tool_calls or []:
        place = call.index if call.index is not None else len(calls)
        place = place if isinstance(message, Joined) else len(calls)
        known = calls.setdefault((place, call.id), {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": ""}})
        arguments = call.function.arguments
        known["function"]["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)
    calls = list(calls.values())
    said = {"text": text, "reasoning": thoughts, "finish": finish, "choices": [spoken(message.content)[0] for message, _ in choices],
            "calls": [[call["function"]["name"], json.loads(call["function"]["arguments"])] for call in calls], "usage": {}}
    if usage:
        details = usage.additional_properties.get("prompt_tokens_details") or {}
        said["usage"] = {"input": usage.prompt_tokens, "output": usage.completion_tokens, "cached": details.get("cached_tokens", 0)}
    content = text
    if thoughts:
        signed = [chunk.signature for chunk in message.content if not isinstance(chunk, str) and getattr(chunk, "signature", None)]
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": thoughts}], **({"signature": signed[-1]} if signed else {})}
        content = [thinking] + ([{"type": "text", "text": text}] if text else [])
    return said, {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}


def spoken(content):
    """The text and the thoughts of a message."""
    if not content or isinstance(content, str):
        return content or "", ""
    text = thoughts = ""
    for chunk in content:
        if isinstance(chunk, str):
            text += chunk
        elif chunk.type == "text":
            text += chunk.text
        elif chunk.type == "thinking":
            thoughts += "".join(part.text for part in chunk.thinking)
    return text, thoughts
