"""Makes the cells: every feature, through every SDK, to every provider, whole and streamed."""

import json
from dataclasses import dataclass
from pathlib import Path

from limits import ANTHROPIC, CHAT, GOOGLE, MISTRAL, OLLAMA, RESPONSES, limit_of

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Ingress:
    """An SDK, as callers use it."""

    name: str
    dialect: str
    #: The folder and the driver's module.
    language: str
    module: str
    #: Its base URL below the gateway's, and below the scripted provider's.
    gateway: str
    direct: str
    #: Whose signatures come back: the dialect has a place for them, or the SDK keeps what it doesn't know.
    keeps_seals_of: tuple


ALL = (RESPONSES, ANTHROPIC, GOOGLE)

INGRESSES = [
    Ingress("openai (Python)", CHAT, "python", "openai_chat", "", "/openai", ALL),
    Ingress("openai (Python), responses", RESPONSES, "python", "openai_responses", "", "/openai", ALL),
    Ingress("anthropic (Python)", ANTHROPIC, "python", "anthropic_messages", "", "/anthropic", ALL),
    Ingress("google-genai (Python)", GOOGLE, "python", "google_genai", "", "/google", ALL),
    Ingress("mistralai (Python)", MISTRAL, "python", "mistral_chat", "/mistral", "/mistral", (ANTHROPIC,)),
    Ingress("ollama (Python)", OLLAMA, "python", "ollama_chat", "", "/ollama", ()),
    Ingress("langchain-openai (Python)", CHAT, "python", "langchain_openai_chat", "", "/openai", ()),
    Ingress("Open WebUI's HTTP", CHAT, "python", "open_webui", "", "/openai", ()),
    Ingress("openai (Node)", CHAT, "node", "openai_chat", "", "/openai", ALL),
    Ingress("openai (Node), responses", RESPONSES, "node", "openai_responses", "", "/openai", ALL),
    Ingress("@anthropic-ai/sdk (Node)", ANTHROPIC, "node", "anthropic", "", "/anthropic", ALL),
    Ingress("@google/genai (Node)", GOOGLE, "node", "google_genai", "", "/google", ALL),
    Ingress("@mistralai/mistralai (Node)", MISTRAL, "node", "mistral", "/mistral", "/mistral", ()),
    Ingress("ollama (Node)", OLLAMA, "node", "ollama", "", "/ollama", ()),
    Ingress("ai, openai-compatible (Node)", CHAT, "node", "ai_openai_compatible", "", "/openai", ()),
    Ingress("ai, anthropic (Node)", ANTHROPIC, "node", "ai_anthropic", "", "/anthropic", ALL),
]

#: Registered providers: the type, the path of their base URL below the scripted provider, and what it speaks there.
EGRESSES = {
    "openai": ("openai", "/openai/v1", CHAT),
    "anthropic": ("anthropic", "/anthropic/v1", ANTHROPIC),
    "google": ("google", "/google/v1beta", GOOGLE),
    "mistral": ("mistral", "/mistral/v1", MISTRAL),
    "ollama": ("ollama", "/ollama", OLLAMA),
    "custom": ("custom", "/custom/v1", CHAT),
}
MODELS = ["scripted-large", "scripted-small"]
#: Each is registered a second time below this name, to be waited for no longer than this.
HASTY, HASTY_TIMEOUT_S = "-hasty", 2
#: And a third time below this one, whose key is refused: meanwhile it is asked once a second, whatever the model.
REFUSED = "-refused"
#: SDKs that are spoken to by the scripted provider itself can't be held to what the gateway promises.
GATEWAY_ONLY = ("timeout", "stream: cut off", "stream: silent half way", "model, one")


def cells(direct, only=None):
    """All cells, numbered from 1, in a fixed order."""
    book = json.loads((HERE / "features.json").read_text(encoding="utf-8"))
    found = []
    for ingress in INGRESSES:
        for egress, speaks in own_egress(ingress) if direct else egresses(ingress):
            for feature in book["features"]:
                if direct and feature["name"] in GATEWAY_ONLY:
                    continue
                limit = limit_of(feature["name"], ingress.dialect, speaks, egress)
                modes = list(feature.get("modes", ["plain", "stream"]))
                if limit and limit.how == "dropped" and not direct:
                    modes.append("strict")
                for mode in modes:
                    found.append(cell(len(found) + 1, book, feature, ingress, egress, speaks, mode, limit, direct))
    return chosen(found, only)


def chosen(cells, only):
    """The cells whose `SDK / provider / feature / mode` holds the text `only`; all of them without one."""
    return [cell for cell in cells if not only or only in " / ".join(cell[name] for name in ("ingress", "egress", "feature", "mode"))]


def egresses(ingress):
    for name, (_, _, dialect) in EGRESSES.items():
        # Callers of responses are served by responses where the provider has them.
        yield name, RESPONSES if (name, ingress.dialect) == ("openai", RESPONSES) else dialect


def own_egress(ingress):
    yield ingress.direct.strip("/"), ingress.dialect


def cell(number, book, feature, ingress, egress, speaks, mode, limit, direct):
    turns = [{"results": turn.get("results", []), "answer": {"calls": [], **turn["answer"]}} for turn in feature["turns"]]
    last = turns[-1]["answer"]
    slug = "".join(letter if letter.isalnum() else "-" for letter in feature["name"].lower())
    # The scripted provider knows the cell by this.
    model = last.get("model", f"{slug}.{number}")
    registered = egress
    if "silent" in (last.get("break"), *last):
        registered += HASTY
    elif last.get("error", {}).get("status") == 401:
        registered += REFUSED
    return {
        "id": number, "ingress": ingress.name, "egress": egress, "feature": feature["name"], "mode": mode, "kind": feature.get("kind", "chat"),
        "model": model if direct else f"{registered}/{model}", "request": feature["request"], "turns": turns,
        "tools": book["tools"], "schema": book["schema"], "image": book["image"], "document": book["document"],
        "caller": ingress.dialect, "provider": speaks, "direct": direct,
        "headers": {"x-closedpaw-strict": "true"} if mode == "strict" else {},
        "limit": vars(limit) if limit else None, "lost": list(limit.loses) if limit else [],
        "seals_come_back": speaks in ingress.keeps_seals_of, "failure_is_said": ingress.dialect in (ANTHROPIC, GOOGLE),
        "streams_upstream": mode == "stream",
    }
