"""Says of one cell whether what the SDK told its user is what the provider's script said."""

from limits import ANTHROPIC, CHAT, GOOGLE, MAY_BE_DROPPED, MISTRAL, OLLAMA, RESPONSES

#: How callers read why an answer ended.
FINISH = {
    CHAT: {"stop": "stop", "stop_sequence": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter"},
    RESPONSES: {"stop": "completed", "stop_sequence": "completed", "length": "incomplete:max_output_tokens", "tools": "completed",
                "filter": "incomplete:content_filter"},
    ANTHROPIC: {"stop": "end_turn", "stop_sequence": "stop_sequence", "length": "max_tokens", "tools": "tool_use", "filter": "refusal"},
    GOOGLE: {"stop": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "filter": "SAFETY"},
    MISTRAL: {"stop": "stop", "stop_sequence": "stop", "length": "length", "tools": "tool_calls", "filter": "stop"},
    OLLAMA: {"stop": "stop", "stop_sequence": "stop", "length": "length", "tools": "stop", "filter": "stop"},
}
PASS, IMPOSSIBLE, UNASKED, FAIL = "pass", "impossible", "unasked", "fail"


def judge(cell, outcome, record):
    """Returns what became of the cell, and why."""
    if outcome is None:
        return FAIL, "the driver told nothing of it"
    faults = list(record.get("violations", []))
    limit = cell["limit"]
    if "cannot_say" in outcome:
        return UNASKED, f"the SDK cannot ask for it: {outcome['cannot_say']}"
    if limit and (limit["how"] == "refused" or cell["mode"] == "strict"):
        faults = refused(cell, outcome, record, limit)
    elif limit and limit["how"] == "estimated":
        faults += estimated(outcome, record)
    elif "error" in cell["turns"][-1]["answer"]:
        faults += failed(cell, outcome)
    elif "break" in cell["turns"][-1]["answer"]:
        faults += broken(cell, outcome)
    elif "error" in outcome:
        faults.append(f"{outcome['error']['type']}: {outcome['error']['message']}")
    else:
        for turn, told in zip(cell["turns"], outcome["turns"]):
            faults += compared(cell, turn["answer"], told, limit["lacks"] if limit else ())
        faults += dropped(cell, outcome["dropped"], limit)
        if cell["kind"] not in ("model", "models") and record.get("requests") != len(cell["turns"]):
            faults.append(f"the provider was asked {record.get('requests', 0)} times")
    if faults:
        return FAIL, "; ".join(faults)[:1500]
    return (IMPOSSIBLE, told_how(cell, limit)) if limit else (PASS, "")


def told_how(cell, limit):
    who = cell["caller" if limit["how"] == "unsaid" else "provider"]
    return f"{who}: {limit['reason']}" + (f" ({limit['member']} is reported)" if limit["how"] == "dropped" else "")


def refused(cell, outcome, record, limit):
    error = outcome.get("error")
    if not error:
        return ["it was not refused"]
    allowed = (400,) if cell["mode"] == "strict" else (400, 404, 501)
    faults = [] if error["wire_status"] in allowed else [f"refused with {error['wire_status']}: {error['message']}"]
    if record.get("requests", 0) > len(outcome["turns"]):
        faults.append("the provider was asked all the same")
    if cell["mode"] == "strict" and limit["member"] not in error["message"]:
        faults.append(f"the refusal does not name {limit['member']}: {error['message']}")
    return faults


def estimated(outcome, record):
    if "error" in outcome:
        return [f"{outcome['error']['type']}: {outcome['error']['message']}"]
    faults = [] if outcome["turns"][0]["tokens"] > 0 else ["the estimate is nothing"]
    if not outcome["estimated"]:
        faults.append("x-closedpaw-estimated does not say that it is an estimate")
    return faults + (["the provider was asked all the same"] if record.get("requests") else [])


def failed(cell, outcome):
    """The SDK has to raise, with the status of interface and the provider's own words."""
    answer, error = cell["turns"][-1]["answer"], outcome.get("error")
    expected = answer["error"]
    if not error:
        return ["the SDK raised nothing"]
    # A provider that is silent said no status; the gateway's own is no other's.
    status = expected["status"] if cell["direct"] or answer.get("silent") else seen_status(expected["status"], cell["caller"])
    faults = []
    if error["wire_status"] != status:
        faults.append(f"status {error['wire_status']} instead of {status}")
    if error["status"] not in (None, status):
        faults.append(f"the SDK says {error['status']} instead of {status}")
    if expected["message"] not in error["message"]:
        faults.append(f"the provider's message is not in {error['message']!r}")
    if "retry_after_s" in expected and not (cell["direct"] and cell["provider"] == GOOGLE) and error["retry_after"] != str(expected["retry_after_s"]):
        faults.append(f"retry-after is {error['retry_after']}")
    if status == 503 and not cell["direct"] and not error["retry_after"]:
        faults.append("a 503 without retry-after")
    return faults


def seen_status(status, caller):
    if status in (401, 402, 403):
        return 502
    if status in (503, 529):
        return 529 if caller == ANTHROPIC else 503
    return status if status < 500 else 502


def broken(cell, outcome):
    """A stream that ends half way has to raise in the SDK."""
    answer, error = cell["turns"][-1]["answer"], outcome.get("error")
    if not error:
        return [f"the SDK saw a clean end: {outcome['turns']}"]
    if error["wire_status"] != 200:
        return [f"the stream did not begin: {error['wire_status']} {error['message']}"]
    # Mistral's SDK knows no errors in streams: it refuses to read them, and shows what it could not read or not even that.
    if "message" in answer and cell["caller"] != MISTRAL and answer["message"] not in error["message"]:
        return [f"the provider's message is not in {error['message']!r}"]
    return []


def compared(cell, answer, told, lacks):
    faults = []

    def same(what, expected, found):
        if what not in lacks and expected != found:
            faults.append(f"{what}: expected {expected!r}, got {found!r}")

    if cell["kind"] == "models":
        prefix = "" if cell["direct"] else f"{cell['egress']}/"
        missing = [name for name in answer["models"] if prefix + name not in told["models"]]
        return [f"not listed: {missing}, but {told['models'][:20]}"] if missing else []
    if cell["kind"] == "model":
        # Ollama's own answer says what the model can do, not what it is called.
        if "capabilities" in told:
            same("completion", True, "completion" in told["capabilities"])
        else:
            same("model", cell["model"], told["model"])
        return faults
    if cell["kind"] == "count":
        same("tokens", answer["tokens"], told["tokens"])
        return faults
    if cell["kind"] == "embed":
        same("vectors", answer["vectors"], told["vectors"])
        # Gemini counts no tokens here.
        if "usage" in told and GOOGLE not in (cell["provider"], cell["caller"]):
            same("usage", answer["usage"]["input"], told["usage"]["input"])
        return faults
    texts = answer.get("choices") or [answer.get("text", "")]
    same("text", texts[0], told["text"])
    if len(texts) > 1 or len(told.get("choices") or [1]) > 1:
        same("choices", texts, told.get("choices"))
    same("calls", answer["calls"], told["calls"])
    if "reasoning" in told:
        same("reasoning", answer.get("reasoning", ""), told["reasoning"])
    if "logprobs" in told:
        same("logprobs", answer.get("logprobs", []), told["logprobs"])
    finish = FINISH[cell["caller"]][answer.get("finish") or ("tools" if answer["calls"] else "stop")]
    # Nobody but Anthropic says that it was a stop text that ended the answer.
    if finish == "stop_sequence" and cell["provider"] != ANTHROPIC:
        finish = "end_turn"
    same("finish", finish, told["finish"])
    counts = {"input": 21, "cached": 0, "output": 9, **answer.get("usage", {})}
    found = told.get("usage") or {}
    same("input tokens", counts["input"], found.get("input"))
    same("output tokens", counts["output"], found.get("output"))
    if "cached" in found:
        same("cached", counts["cached"], found["cached"] or 0)
    return faults


def dropped(cell, header, limit):
    """What had to be reported was, and nothing else."""
    if cell["direct"]:
        return []
    names = {name.strip() for name in header.split(",") if name.strip()}
    faults = []
    if limit and limit["how"] == "dropped":
        if limit["member"] not in names:
            faults.append(f"{limit['member']} was lost, but x-closedpaw-dropped is {header!r}")
        names.discard(limit["member"])
    if cell["feature"] == "stop: filter":
        names.discard("finish_reason")
    if names - MAY_BE_DROPPED:
        faults.append(f"dropped without need: {sorted(names - MAY_BE_DROPPED)}")
    return faults
