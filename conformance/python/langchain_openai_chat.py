"""The langchain-openai package, chat completions."""

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from driver import CannotSay


class Sdk:
    def __init__(self, url, key):
        self.options = {"base_url": f"{url}/v1", "api_key": key, "max_retries": 0, "timeout": 30}

    def start(self, cell):
        request, messages = cell["request"], []
        if "system" in request:
            messages.append(SystemMessage(request["system"]))
        for message in request["messages"]:
            content = message["text"]
            if message.get("image"):
                content = [{"type": "text", "text": content}, {"type": "image", "base64": cell["image"], "mime_type": "image/png"}]
            if message.get("document"):
                file = {"type": "file", "base64": cell["document"], "mime_type": "application/pdf", "filename": "report.pdf"}
                content = [{"type": "text", "text": content}, file]
            messages.append((AIMessage if message["role"] == "assistant" else HumanMessage)(content))
        return messages

    def bound(self, cell):
        request = cell["request"]
        settings = {name: request[name] for name in ("temperature", "top_p", "seed", "max_tokens") if name in request}
        if "n" in request:
            raise CannotSay("it gives the first choice only")
        if "stop" in request:
            settings["stop_sequences"] = request["stop"]
        if "reasoning" in request:
            settings["reasoning_effort"] = "high"
        if "logprobs" in request:
            settings |= {"logprobs": True, "top_logprobs": request["logprobs"]}
        model = ChatOpenAI(model=cell["model"], stream_usage=True, use_responses_api=False, **settings, **self.options)
        extra = {}
        if "schema" in request:
            extra["response_format"] = {"type": "json_schema", "json_schema": {**cell["schema"], "strict": True}}
        if "json" in request:
            extra["response_format"] = {"type": "json_object"}
        if "tools" in request:
            tools = [{"type": "function", "function": {"name": name, **cell["tools"][name]}} for name in request["tools"]]
            choice = {"tool_choice": request["tool_choice"]} if "tool_choice" in request else {}
            return model.bind_tools(tools, **choice, **extra)
        return model.bind(**extra) if extra else model

    def ask(self, cell, messages, stream):
        model = self.bound(cell)
        if stream:
            answer = None
            for chunk in model.stream(messages):
                answer = chunk if answer is None else answer + chunk
        else:
            answer = model.invoke(messages)
        usage = answer.usage_metadata or {}
        logprobs = (answer.response_metadata.get("logprobs") or {}).get("content") or []
        if answer.invalid_tool_calls:
            raise AssertionError(f"calls that cannot be read: {answer.invalid_tool_calls}")
        return {
            "text": answer.content, "finish": answer.response_metadata.get("finish_reason"),
            "calls": [[call["name"], call["args"]] for call in answer.tool_calls],
            "logprobs": [[top["token"], top["logprob"]] for top in logprobs[0]["top_logprobs"]] if logprobs else [],
            "usage": {"input": usage.get("input_tokens"), "output": usage.get("output_tokens"),
                      "cached": usage.get("input_token_details", {}).get("cache_read")}}, answer

    def reply(self, messages, asked, results):
        messages.append(asked)
        for call, result in zip(asked.tool_calls, results):
            status = {"status": "error"} if result.get("error") else {}
            messages.append(ToolMessage(result["text"], tool_call_id=call["id"], **status))

    def embed(self, cell):
        request = cell["request"]
        form = {"model_kwargs": {"encoding_format": "float"}} if request["encoding"] == "float" else {}
        model = OpenAIEmbeddings(model=cell["model"], check_embedding_ctx_length=False, **form, **self.options)
        return {"vectors": model.embed_documents(request["input"])}
