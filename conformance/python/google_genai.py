"""The google-genai package."""

import base64

from driver import CannotSay
from google import genai
from google.genai import types


class Sdk:
    def __init__(self, url, key):
        self.client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url, timeout=30000))

    def start(self, cell):
        contents = []
        for message in cell["request"]["messages"]:
            parts = [types.Part.from_text(text=message["text"])]
            for kind, mime in (("image", "image/png"), ("document", "application/pdf")):
                if message.get(kind):
                    parts.append(types.Part.from_bytes(data=base64.b64decode(cell[kind]), mime_type=mime))
            contents.append(types.Content(role="model" if message["role"] == "assistant" else "user", parts=parts))
        return contents

    def config(self, cell):
        request = cell["request"]
        config = {name: request[name] for name in ("temperature", "top_p", "seed") if name in request}
        for ours, theirs in (("max_tokens", "max_output_tokens"), ("stop", "stop_sequences"), ("n", "candidate_count"), ("system", "system_instruction")):
            if ours in request:
                config[theirs] = request[ours]
        if "tools" in request:
            config["automatic_function_calling"] = {"disable": True}
            config["tools"] = [types.Tool(function_declarations=[
                types.FunctionDeclaration(name=name, description=cell["tools"][name]["description"], parameters_json_schema=cell["tools"][name]["parameters"])
                for name in request["tools"]])]
        if choice := request.get("tool_choice"):
            names = {} if choice == "required" else {"allowed_function_names": [choice]}
            config["tool_config"] = {"function_calling_config": {"mode": "ANY", **names}}
        if "schema" in request or "json" in request:
            config["response_mime_type"] = "application/json"
        if "schema" in request:
            config["response_json_schema"] = cell["schema"]["schema"]
        if "reasoning" in request:
            config["thinking_config"] = {"include_thoughts": True, "thinking_level": "HIGH"}
        if "logprobs" in request:
            config |= {"response_logprobs": True, "logprobs": request["logprobs"]}
        return types.GenerateContentConfig(**config)

    def ask(self, cell, contents, stream):
        options = {"model": cell["model"], "contents": contents, "config": self.config(cell)}
        if not stream:
            return told([self.client.models.generate_content(**options)])
        return told(list(self.client.models.generate_content_stream(**options)))

    def reply(self, contents, asked, results):
        contents.append(types.Content(role="model", parts=asked))
        calls = [part.function_call for part in asked if part.function_call]
        contents.append(types.Content(role="user", parts=[
            types.Part(function_response=types.FunctionResponse(
                id=call.id, name=call.name, response={"error" if result.get("error") else "output": result["text"]}))
            for call, result in zip(calls, results)]))

    def embed(self, cell):
        if cell["request"]["encoding"] == "base64":
            raise CannotSay("the API knows numbers only")
        answer = self.client.models.embed_content(model=cell["model"], contents=cell["request"]["input"])
        return {"vectors": [entry.values for entry in answer.embeddings]}

    def count(self, cell):
        return {"tokens": self.client.models.count_tokens(model=cell["model"], contents=self.start(cell)).total_tokens}

    def models(self, cell):
        return {"models": [model.name.removeprefix("models/") for model in self.client.models.list()]}

    def model(self, cell):
        return {"model": self.client.models.get(model=cell["model"]).name.removeprefix("models/")}


def told(answers):
    """All chunks, or the one answer, in the runner's words, and the parts to send back."""
    texts, parts, thoughts, calls, finish, logprobs, usage = {}, [], "", [], None, [], None
    for answer in answers:
        usage = answer.usage_metadata or usage
        for candidate in answer.candidates or []:
            place = candidate.index or 0
            texts.setdefault(place, "")
            for part in (candidate.content and candidate.content.parts) or []:
                if place == 0:
                    parts.append(part)
                if part.function_call:
                    calls.append([part.function_call.name, part.function_call.args or {}])
                elif part.text and part.thought:
                    thoughts += part.text
                elif part.text:
                    texts[place] += part.text
            if place == 0 and candidate.finish_reason:
                finish = candidate.finish_reason.value
            if candidate.logprobs_result and candidate.logprobs_result.top_candidates:
                logprobs = [[top.token, top.log_probability] for top in candidate.logprobs_result.top_candidates[0].candidates]
    counts = {}
    if usage:
        counts = {"input": usage.prompt_token_count, "cached": usage.cached_content_token_count or 0,
                  "output": (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)}
    return {"text": texts.get(0, ""), "reasoning": thoughts, "calls": calls, "finish": finish, "choices": [text for _, text in sorted(texts.items())],
            "logprobs": logprobs, "usage": counts}, parts
