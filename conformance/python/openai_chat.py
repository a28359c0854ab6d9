"""The openai package, chat completions."""

import json

from openai import OpenAI


class Sdk:
    def __init__(self, url, key):
        self.client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=30)

    def start(self, cell):
        request, messages = cell["request"], []
        if "system" in request:
            messages.append({"role": "system", "content": request["system"]})
        for message in request["messages"]:
            content = message["text"]
            if message.get("image"):
                content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{cell['image']}"}}]
            if message.get("document"):
                file = {"filename": "report.pdf", "file_data": f"data:application/pdf;base64,{cell['document']}"}
                content = [{"type": "text", "text": content}, {"type": "file", "file": file}]
            messages.append({"role": message["role"], "content": content})
        return messages

    def options(self, cell):
        request = cell["request"]
        options = {name: request[name] for name in ("temperature", "top_p", "seed", "n", "stop") if name in request}
        if "max_tokens" in request:
            options["max_completion_tokens"] = request["max_tokens"]
        if "tools" in request:
            options["tools"] = [{"type": "function", "function": {"name": name, **cell["tools"][name]}} for name in request["tools"]]
        if choice := request.get("tool_choice"):
            options["tool_choice"] = choice if choice == "required" else {"type": "function", "function": {"name": choice}}
        if "schema" in request:
            options["response_format"] = {"type": "json_schema", "json_schema": {**cell["schema"], "strict": True}}
        if "json" in request:
            options["response_format"] = {"type": "json_object"}
        if "reasoning" in request:
            options["reasoning_effort"] = "high"
        if "logprobs" in request:
            options |= {"logprobs": True, "top_logprobs": request["logprobs"]}
        return options

    def ask(self, cell, messages, stream):
        options = {"model": cell["model"], "messages": messages, **self.options(cell)}
        if stream:
            chunks = self.client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True})
            return gathered(chunk.model_dump() for chunk in chunks)
        answer = self.client.chat.completions.create(**options)
        return told(answer.model_dump())

    def reply(self, messages, asked, results):
        messages.append(asked)
        for call, result in zip(asked["tool_calls"], results):
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result["text"]})

    def embed(self, cell):
        request = cell["request"]
        # Without a format the package asks for base64 and decodes it.
        form = {"encoding_format": "float"} if request["encoding"] == "float" else {}
        answer = self.client.embeddings.create(model=cell["model"], input=request["input"], **form)
        return {"vectors": [entry.embedding for entry in answer.data], "usage": {"input": answer.usage.prompt_tokens}}

    def models(self, cell):
        return {"models": [model.id for model in self.client.models.list()]}

    def model(self, cell):
        return {"model": self.client.models.retrieve(cell["model"]).id}


def told(answer):
    """A whole answer in the runner's words, and the message to send back."""
    choice = answer["choices"][0]
    message = choice["message"]
    calls = message.get("tool_calls") or []
    usage = answer.get("usage") or {}
    said = {
        "text": message.get("content") or "", "reasoning": message.get("reasoning_content") or "",
        "calls": [[call["function"]["name"], json.loads(call["function"]["arguments"])] for call in calls],
        "finish": choice["finish_reason"], "choices": [choice["message"].get("content") for choice in answer["choices"]],
        "logprobs": logprobs(choice), "usage": {"input": usage.get("prompt_tokens"), "output": usage.get("completion_tokens"),
                                                "cached": (usage.get("prompt_tokens_details") or {}).get("cached_tokens")}}
    # As with `messages.append(message)`: whatever the message holds goes back, known or not.
    return said, {"role": "assistant", "content": None} | {name: value for name, value in message.items() if value}


def logprobs(choice):
    content = (choice.get("logprobs") or {}).get("content") or []
    return [[top["token"], top["logprob"]] for top in content[0]["top_logprobs"]] if content else []


def gathered(chunks):
    """A whole answer from the chunks of a streamed one."""
    choices, usage = {}, None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for piece in chunk["choices"]:
            choice = choices.setdefault(piece["index"], {"message": {"content": "", "reasoning_content": "", "calls": {}}, "finish_reason": None})
            message, delta = choice["message"], piece["delta"]
            for name in ("content", "reasoning_content"):
                message[name] += delta.get(name) or ""
            if delta.get("reasoning_details"):
                message["reasoning_details"] = message.get("reasoning_details", []) + delta["reasoning_details"]
            # A text's own; a call's is in the call.
            message["extra_content"] = delta.get("extra_content") or message.get("extra_content")
            for part in delta.get("tool_calls") or []:
                call = message["calls"].setdefault(part["index"], {"id": part.get("id"), "type": "function", "function": {"name": "", "arguments": ""}})
                if part.get("extra_content"):
                    call["extra_content"] = part["extra_content"]
                for name in ("name", "arguments"):
                    call["function"][name] += part["function"].get(name) or ""
            choice["finish_reason"] = piece.get("finish_reason") or choice["finish_reason"]
            choice["logprobs"] = piece.get("logprobs") or choice.get("logprobs")
    for choice in choices.values():
        choice["message"]["tool_calls"] = [call for _, call in sorted(choice["message"].pop("calls").items())]
    return told({"choices": [choice for _, choice in sorted(choices.items())], "usage": usage})
