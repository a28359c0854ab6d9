"""Gemini: generateContent, streamGenerateContent, countTokens, batchEmbedContents and models."""

from .conversation import Heard, Violation
from .script import pieces, sse

SCHEMAS = {"chat": "GenerateContentRequest", "count": "CountTokensRequest", "embeddings": "BatchEmbedContentsRequest"}
FINISH = {"stop": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "filter": "SAFETY"}
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
#: Google documents it for calls that no Gemini model made.
FOREIGN_SEAL = "skip_thought_signature_validator"


def camel(value, inside=True):
    """The API reads both spellings; the arguments, results and schemas of tools are nobody's to respell."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, member in value.items():
        head, *rest = name.split("_")
        name = head + "".join(word.capitalize() for word in rest)
        free = name in ("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema")
        found[name] = member if free else camel(member)
    return found


def read(body):
    body = camel(body)
    body = body.get("generateContentRequest", body)
    heard = Heard()
    for part in (body.get("systemInstruction") or {}).get("parts", []):
        heard.say("system", part["text"])
    waiting = []
    for content in body["contents"]:
        role = content.get("role", "user")
        if role not in ("user", "model"):
            raise Violation(f"the role {role} stands in contents")
        parts = content["parts"]
        responses = [part["functionResponse"] for part in parts if "functionResponse" in part]
        if waiting and len(responses) != len(waiting):
            raise Violation("the number of function response parts differs from the number of function call parts of the turn before")
        for call, response in zip(waiting, responses):
            if call["name"] != response["name"]:
                raise Violation(f"the response of {response['name']} answers the call of {call['name']}")
        calls = [part for part in parts if "functionCall" in part]
        waiting = [part["functionCall"] for part in calls]
        if calls and not calls[0].get("thoughtSignature"):
            raise Violation("the first function call of a turn has no thoughtSignature")
        for part in parts:
            read_part(part, "assistant" if role == "model" else "user", heard)
    for tool in body.get("tools") or []:
        for function in tool.get("functionDeclarations", []):
            heard.tools[function["name"]] = function.get("parametersJsonSchema") or function.get("parameters") or {"type": "object"}
    settings(body, heard)
    return heard


def read_part(part, role, heard):
    if part.get("thoughtSignature") and part["thoughtSignature"] != FOREIGN_SEAL:
        # The SDKs write base64 for addresses; the API reads either.
        heard.seals.append(part["thoughtSignature"].replace("-", "+").replace("_", "/"))
    if "functionCall" in part:
        call = part["functionCall"]
        heard.call(call.get("id"), call["name"], call.get("args") or {})
    elif "functionResponse" in part:
        response = part["functionResponse"]
        text = response["response"]
        if len(text) != 1 or not isinstance(text, dict):
            raise Violation(f"a tool's result is not one text: {text!r}")
        (member, text), = text.items()
        heard.result(response.get("id"), response["name"], text, member == "error")
    elif "inlineData" in part:
        kind = {"image/png": "image", "application/pdf": "document"}.get(part["inlineData"]["mimeType"])
        heard.talk.append([kind, part["inlineData"]["data"].replace("-", "+").replace("_", "/")])
    elif not part.get("thought"):
        heard.say(role, part["text"])


def settings(body, heard):
    config = body.get("generationConfig") or {}
    for name, ours in (("temperature", "temperature"), ("topP", "top_p"), ("topK", "top_k"), ("seed", "seed"),
                       ("maxOutputTokens", "max_tokens"), ("stopSequences", "stop")):
        heard.set(ours, config.get(name))
    heard.set("n", config.get("candidateCount") if config.get("candidateCount") != 1 else None)
    heard.set("logprobs", config.get("logprobs") if config.get("responseLogprobs") else None)
    thinking = config.get("thinkingConfig") or {}
    heard.set("reasoning", bool(thinking.get("thinkingLevel") or thinking.get("thinkingBudget") or thinking.get("includeThoughts")))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    heard.set("schema", schema)
    heard.set("json", config.get("responseMimeType") == "application/json" and not schema)
    if schema and config.get("responseMimeType") != "application/json":
        raise Violation("a response schema needs responseMimeType application/json")
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    names = calling.get("allowedFunctionNames")
    choice = {"ANY": names[0] if names else "required", "NONE": "none"}.get(calling.get("mode"))
    heard.set("tool_choice", choice)


def usage(script):
    counts = script.counts
    found = {"promptTokenCount": counts["input"], "candidatesTokenCount": counts["output"] - counts["thoughts"],
             "totalTokenCount": counts["input"] + counts["output"], "promptTokensDetails": [{"modality": "TEXT", "tokenCount": counts["input"]}]}
    if counts["thoughts"]:
        found["thoughtsTokenCount"] = counts["thoughts"]
    if counts["cached"]:
        found["cachedContentTokenCount"] = counts["cached"]
    return found


def calls(script):
    parts = [{"functionCall": {"name": name, "args": arguments}} for name, arguments in script.calls or []]
    if parts:
        parts[0]["thoughtSignature"] = script.seal
    return parts


def answer(script, candidates):
    return {"candidates": candidates, "usageMetadata": usage(script), "modelVersion": script.model, "responseId": script.id("r")}


def logprobs(script):
    if not script.logprobs:
        return {}
    top = [{"token": token, "tokenId": place, "logProbability": value} for place, (token, value) in enumerate(script.logprobs)]
    return {"avgLogprobs": top[0]["logProbability"], "logprobsResult": {"chosenCandidates": top[:1], "topCandidates": [{"candidates": top}]}}


def whole(script):
    candidates = []
    for place, text in enumerate(script.texts):
        parts = [{"text": script.reasoning, "thought": True}] if script.reasoning else []
        if text:
            parts.append({"text": text})
            if script.reasoning and not script.calls:
                parts[-1]["thoughtSignature"] = script.seal
        candidates.append({"content": {"parts": parts + calls(script), "role": "model"}, "finishReason": FINISH[script.finish],
                           "index": place, **logprobs(script)})
    return answer(script, candidates)


def stream(script):
    def chunk(parts, place=0, **more):
        return sse(answer(script, [{"content": {"parts": parts, "role": "model"}, "index": place, **more}]), end="\r\n")

    for text in pieces(script.reasoning or "", 9):
        yield chunk([{"text": text, "thought": True}])
    for place, text in enumerate(script.texts):
        for part in pieces(text, 9):
            yield chunk([{"text": part}], place, **logprobs(script))
    if script.answer.get("break"):
        return
    for part in calls(script):
        yield chunk([part])
    for place, text in enumerate(script.texts):
        last = {"text": ""}
        if script.reasoning and not script.calls:
            last["thoughtSignature"] = script.seal
        yield chunk([last], place, finishReason=FINISH[script.finish])


def failure(script):
    return sse(error(500, script.message), end="\r\n")


def error(status, message, retry_after_s=None):
    fault = {"code": status, "message": message, "status": STATUS.get(status, "INTERNAL")}
    if retry_after_s:
        fault["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after_s}s"}]
    return {"error": fault}


def embeddings(script, body):
    return {"embeddings": [{"values": values} for values in script.vectors]}


def embedded(body):
    return ["".join(part["text"] for part in request["content"]["parts"]) for request in camel(body)["requests"]]


def count(script):
    return {"totalTokens": script.tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": script.tokens}]}


def models(names):
    return {"models": [{"name": f"models/{name}", "version": "1", "displayName": name.title(), "description": "Scripted", "inputTokenLimit": 1000000,
                        "outputTokenLimit": 8192, "supportedGenerationMethods": ["generateContent", "countTokens"]} for name in names]}
