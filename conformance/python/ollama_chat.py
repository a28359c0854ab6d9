"""The ollama package."""

from driver import CannotSay
from ollama import Client


class Sdk:
    def __init__(self, url, key):
        self.client = Client(host=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def start(self, cell):
        request, messages = cell["request"], []
        if "system" in request:
            messages.append({"role": "system", "content": request["system"]})
        for message in request["messages"]:
            if message.get("document"):
                raise CannotSay("no member for documents")
            images = {"images": [cell["image"]]} if message.get("image") else {}
            messages.append({"role": message["role"], "content": message["text"], **images})
        return messages

    def options(self, cell):
        request = cell["request"]
        for name in ("n", "tool_choice"):
            if name in request:
                raise CannotSay(f"no member {name}")
        options = {name: request[name] for name in ("temperature", "top_p", "seed", "stop") if name in request}
        if "max_tokens" in request:
            options["num_predict"] = request["max_tokens"]
        found = {"options": options} if options else {}
        if "tools" in request:
            found["tools"] = [{"type": "function", "function": {"name": name, **cell["tools"][name]}} for name in request["tools"]]
        if "schema" in request:
            found["format"] = cell["schema"]["schema"]
        if "json" in request:
            found["format"] = "json"
        if "reasoning" in request:
            found["think"] = True
        if "logprobs" in request:
            found |= {"logprobs": True, "top_logprobs": request["logprobs"]}
        return found

    def ask(self, cell, messages, stream):
        options = {"model": cell["model"], "messages": messages, **self.options(cell)}
        answers = list(self.client.chat(**options, stream=True)) if stream else [self.client.chat(**options)]
        last = answers[-1]
        calls = [call for answer in answers for call in answer.message.tool_calls or []]
        text = "".join(answer.message.content or "" for answer in answers)
        thoughts = "".join(answer.message.thinking or "" for answer in answers)
        probable = [answer.logprobs for answer in answers if answer.logprobs]
        said = {"text": text, "reasoning": thoughts, "finish": last.done_reason if last.done else None,
                "calls": [[call.function.name, dict(call.function.arguments)] for call in calls],
                "logprobs": [[top.token, top.logprob] for top in probable[0][0].top_logprobs] if probable else [],
                "usage": {"input": last.prompt_eval_count, "output": last.eval_count}}
        back = {"role": "assistant", "content": text}
        if thoughts:
            back["thinking"] = thoughts
        if calls:
            back["tool_calls"] = calls
        return said, back

    def reply(self, messages, asked, results):
        messages.append(asked)
        for call, result in zip(asked["tool_calls"], results):
            messages.append({"role": "tool", "tool_name": call.function.name, "content": result["text"]})

    def generate(self, cell):
        request = cell["request"]
        options = {"model": cell["model"], "prompt": request["messages"][0]["text"], "system": request["system"], **self.options(cell)}
        answers = list(self.client.generate(**options, stream=True)) if cell["mode"] == "stream" else [self.client.generate(**options)]
        last = answers[-1]
        return {"text": "".join(answer.response for answer in answers), "calls": [], "finish": last.done_reason if last.done else None,
                "usage": {"input": last.prompt_eval_count, "output": last.eval_count}}

    def embed(self, cell):
        if cell["request"]["encoding"] == "base64":
            raise CannotSay("the API knows numbers only")
        answer = self.client.embed(model=cell["model"], input=cell["request"]["input"])
        return {"vectors": [list(vector) for vector in answer.embeddings], "usage": {"input": answer.prompt_eval_count}}

    def models(self, cell):
        return {"models": [model.model for model in self.client.list().models]}

    def model(self, cell):
        return {"capabilities": self.client.show(cell["model"]).capabilities}
