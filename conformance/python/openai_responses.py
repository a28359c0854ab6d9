"""The openai package, responses."""

import json

from driver import CannotSay
from openai import OpenAI


class Sdk:
    def __init__(self, url, key):
        self.client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=30)

    def start(self, cell):
        items = []
        for message in cell["request"]["messages"]:
            content = message["text"]
            if message.get("image"):
                content = [{"type": "input_text", "text": content},
                           {"type": "input_image", "image_url": f"data:image/png;base64,{cell['image']}", "detail": "auto"}]
            if message.get("document"):
                file = {"filename": "report.pdf", "file_data": f"data:application/pdf;base64,{cell['document']}"}
                content = [{"type": "input_text", "text": content}, {"type": "input_file", **file}]
            items.append({"role": message["role"], "content": content})
        return items

    def options(self, cell):
        request = cell["request"]
        for name in ("seed", "n", "stop"):
            if name in request:
                raise CannotSay(f"no member {name}")
        options = {name: request[name] for name in ("temperature", "top_p") if name in request}
        options |= {"store": False, "include": ["reasoning.encrypted_content"]}
        if "system" in request:
            options["instructions"] = request["system"]
        if "max_tokens" in request:
            options["max_output_tokens"] = request["max_tokens"]
        if "tools" in request:
            options["tools"] = [{"type": "function", "name": name, "strict": False, **cell["tools"][name]} for name in request["tools"]]
        if choice := request.get("tool_choice"):
            options["tool_choice"] = choice if choice == "required" else {"type": "function", "name": choice}
        if "schema" in request:
            options["text"] = {"format": {"type": "json_schema", "strict": True, **cell["schema"]}}
        if "json" in request:
            options["text"] = {"format": {"type": "json_object"}}
        if "reasoning" in request:
            options["reasoning"] = {"effort": "high", "summary": "auto"}
        if "logprobs" in request:
            options["include"].append("message.output_text.logprobs")
            options["top_logprobs"] = request["logprobs"]
        return options

    def ask(self, cell, items, stream):
        options = {"model": cell["model"], "input": items, **self.options(cell)}
        if not stream:
            return told(self.client.responses.create(**options))
        final, text, arguments = None, "", ""
        for event in self.client.responses.create(**options, stream=True):
            if event.type == "response.output_text.delta":
                text += event.delta
            elif event.type == "response.function_call_arguments.delta":
                arguments += event.delta
            elif event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = event.response
        if final is None:
            return {"text": text, "finish": None, "calls": [], "reasoning": "", "usage": {}}, []
        said, back = told(final)
        spelled = "".join(item.arguments for item in final.output if item.type == "function_call")
        if (text, arguments) != (said["text"], spelled):
            raise AssertionError(f"the pieces say {text!r} {arguments!r}, the whole {said['text']!r} {spelled!r}")
        return said, back

    def reply(self, items, asked, results):
        items += asked
        calls = [item for item in asked if item.type == "function_call"]
        items += [{"type": "function_call_output", "call_id": call.call_id, "output": result["text"]} for call, result in zip(calls, results)]


def told(answer):
    thoughts = [part.text for item in answer.output if item.type == "reasoning" for part in item.summary]
    finish = answer.status
    if answer.incomplete_details:
        finish += f":{answer.incomplete_details.reason}"
    usage = answer.usage
    return {
        "text": answer.output_text, "reasoning": "".join(thoughts), "finish": finish,
        "calls": [[item.name, json.loads(item.arguments)] for item in answer.output if item.type == "function_call"],
        "logprobs": [[top.token, top.logprob] for item in answer.output if item.type == "message" for part in item.content
                     for entry in (part.logprobs or [])[:1] for top in entry.top_logprobs],
        "usage": {"input": usage.input_tokens, "output": usage.output_tokens,
                  "cached": usage.input_tokens_details.cached_tokens} if usage else {}}, answer.output
