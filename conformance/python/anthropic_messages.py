"""The anthropic package."""

from anthropic import Anthropic
from driver import CannotSay


class Sdk:
    def __init__(self, url, key):
        self.client = Anthropic(base_url=url, api_key=key, max_retries=0, timeout=30)

    def start(self, cell):
        messages = []
        for message in cell["request"]["messages"]:
            content = message["text"]
            for kind, mime in (("image", "image/png"), ("document", "application/pdf")):
                if message.get(kind):
                    source = {"type": "base64", "media_type": mime, "data": cell[kind]}
                    content = [{"type": kind, "source": source}, {"type": "text", "text": content}]
            messages.append({"role": message["role"], "content": content})
        return messages

    def options(self, cell):
        request = cell["request"]
        for name in ("seed", "n", "logprobs", "json"):
            if name in request:
                raise CannotSay(f"no member {name}")
        options = {"model": cell["model"]}
        # The newest package has no names for these, but sends what older ones sent.
        if extra := {name: request[name] for name in ("temperature", "top_p") if name in request}:
            options["extra_body"] = extra
        if "system" in request:
            options["system"] = request["system"]
        if "stop" in request:
            options["stop_sequences"] = request["stop"]
        if "tools" in request:
            options["tools"] = [{"name": name, "description": cell["tools"][name]["description"], "input_schema": cell["tools"][name]["parameters"]}
                                for name in request["tools"]]
        if choice := request.get("tool_choice"):
            options["tool_choice"] = {"type": "any"} if choice == "required" else {"type": "tool", "name": choice}
        if "schema" in request:
            options["output_config"] = {"format": {"type": "json_schema", "schema": cell["schema"]["schema"]}}
        if "reasoning" in request:
            options |= {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}
        return options

    def ask(self, cell, messages, stream):
        options = {"messages": messages, "max_tokens": cell["request"].get("max_tokens", 1000), **self.options(cell)}
        if not stream:
            return told(self.client.messages.create(**options))
        with self.client.messages.stream(**options) as events:
            text = "".join(events.text_stream)
            answer = events.get_final_message()
        said, back = told(answer)
        if text != said["text"]:
            raise AssertionError(f"the pieces say {text!r}, the whole {said['text']!r}")
        return said, back

    def reply(self, messages, asked, results):
        calls = [block for block in asked if block.type == "tool_use"]
        messages.append({"role": "assistant", "content": asked})
        messages.append({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": call.id, "content": result["text"], **({"is_error": True} if result.get("error") else {})}
            for call, result in zip(calls, results)]})

    def count(self, cell):
        options = self.options(cell)
        return {"tokens": self.client.messages.count_tokens(messages=self.start(cell), **options).input_tokens}

    def models(self, cell):
        return {"models": [model.id for model in self.client.models.list()]}

    def model(self, cell):
        return {"model": self.client.models.retrieve(cell["model"]).id}


def told(answer):
    usage = answer.usage
    cached = usage.cache_read_input_tokens or 0
    return {
        "text": "".join(block.text for block in answer.content if block.type == "text"),
        "reasoning": "".join(block.thinking for block in answer.content if block.type == "thinking"),
        "calls": [[block.name, block.input] for block in answer.content if block.type == "tool_use"], "finish": answer.stop_reason,
        "usage": {"input": usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0), "cached": cached,
                  "output": usage.output_tokens}}, answer.content
