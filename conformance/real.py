"""The real model: llama.cpp's server, reached in each of the three dialects that it speaks, through every SDK.

What a model says is its own affair; that it says something, why it ended and what it cost has to reach the caller all the same.
"""

from judge import FAIL, FINISH, IMPOSSIBLE, PASS, dropped
from limits import ANTHROPIC, CHAT, RESPONSES
from plan import INGRESSES, chosen

FEATURE = "real model"
#: Registered providers, each for one dialect of the same server.
PROVIDERS = {"llama-chat": CHAT, "llama-responses": RESPONSES, "llama-messages": ANTHROPIC}
REQUEST = {"messages": [{"role": "user", "text": "Tell me about the sea."}], "max_tokens": 12}
#: What the server itself answers otherwise than an SDK can read, gateway or none: SDK, provider and mode, what the SDK says, and why. A server on
#: the `PATH` may be newer and do better.
FLAWS = {
    ("openai (Node), responses", "llama-responses", "stream"): (
        "rsp.output is not iterable", "the first event of llama.cpp's stream has no `output`, which the package's helper for streams reads"),
}


def cells(model, only=None):
    """A whole and a streamed answer through each SDK from each of them."""
    found = []
    for ingress in INGRESSES:
        for egress, dialect in PROVIDERS.items():
            for mode in ("plain", "stream"):
                found.append({"id": f"real {len(found)}", "ingress": ingress.name, "egress": egress, "feature": FEATURE, "mode": mode, "kind": "chat",
                              "model": f"{egress}/{model}", "request": REQUEST, "turns": [{}], "headers": {}, "tools": {},
                              "caller": ingress.dialect, "provider": dialect, "direct": False})
    return chosen(found, only)


def registrations(url):
    """The bodies that register the server at `url`."""
    for name, dialect in PROVIDERS.items():
        yield {"provider_type": "custom", "name": name, "base_url": f"{url}/v1", "network": "local", "settings": {"dialects": [dialect]}}


def judge(cell, outcome):
    """Returns what became of the cell, and why. That a stream's pieces are the whole is held by the drivers."""
    if outcome is None:
        return FAIL, "the driver told nothing of it"
    said, reason = FLAWS.get((cell["ingress"], cell["egress"], cell["mode"]), (None, ""))
    if "error" in outcome:
        message = outcome["error"]["message"]
        return (IMPOSSIBLE, reason) if said and said in message else (FAIL, f"{outcome['error']['type']}: {message}"[:1500])
    told = outcome["turns"][0]
    faults = dropped(cell, outcome["dropped"], None)
    if not told["text"].strip():
        faults.append("there is no text")
    if told["finish"] not in {FINISH[cell["caller"]][why] for why in ("stop", "length")}:
        faults.append(f"it ended for {told['finish']!r}")
    if not all((told["usage"].get(count) or 0) > 0 for count in ("input", "output")):
        faults.append(f"the usage is {told['usage']}")
    if faults:
        return FAIL, "; ".join(faults)
    return (IMPOSSIBLE, reason) if reason else (PASS, "")


def table(results, sign, notes):
    """Markdown: one row for each SDK."""
    if not results:
        return []
    lines = ["", "## A real model", "",
             "A small model on llama.cpp's server, registered once for each of the dialects that the server speaks: where the SDK speaks the same, bytes",
             "pass, else both ways are translated. ✓ says that the answer came, whole and streamed, with its text, its counts and why it ended.", "",
             "| |" + "".join(f" {name} |" for name in PROVIDERS), "|---|" + ":-:|" * len(PROVIDERS)]
    for ingress in INGRESSES:
        mine = [result for result in results if result["ingress"] == ingress.name]
        rows = ([result for result in mine if result["egress"] == name] for name in PROVIDERS)
        lines.append(f"| {ingress.name} |" + "".join(f" {sign(here, notes)} |" for here in rows))
    return lines
