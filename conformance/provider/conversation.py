"""What a request says, free of any dialect, and whether that is what the cell's caller said."""

from dataclasses import dataclass, field

#: Settings that a dialect or an SDK must or does send although nobody asked for them.
ALWAYS_ALLOWED = {"max_tokens", "stream"}
MEDIA = ("image", "document")


class Violation(Exception):
    """A request that a real provider would refuse, or that isn't what the caller said."""


@dataclass
class Heard:
    """One request as a dialect's reader understood it."""

    system: list = field(default_factory=list)
    #: `["user", text]`, `["assistant", text]`, `["image", base64]`, `["document", base64]`, `["call", name, arguments]`,
    #: `["result", name, text, failed]`, in order. `failed` is None where the dialect can't say.
    talk: list = field(default_factory=list)
    tools: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    #: Signatures and ciphertexts that came back.
    seals: list = field(default_factory=list)
    #: Calls by id, to resolve results.
    calls: dict = field(default_factory=dict)

    def say(self, role, text):
        if text and role in ("system", "developer"):
            if self.talk:
                raise Violation("a system message stands in mid conversation")
            self.system.append(text)
        elif text and self.talk and self.talk[-1][0] == role:
            # A turn that came in pieces may go back in pieces.
            self.talk[-1][1] += text
        elif text:
            self.talk.append([role, text])

    def call(self, call_id, name, arguments):
        if not isinstance(arguments, dict):
            raise Violation(f"the arguments of {name} are not an object: {arguments!r}")
        if call_id:
            if call_id in self.calls:
                raise Violation(f"the call id {call_id!r} is there twice")
            self.calls[call_id] = name
        self.talk.append(["call", name, arguments])

    def result(self, call_id, name, text, failed):
        if call_id:
            if call_id not in self.calls:
                raise Violation(f"a tool result refers to {call_id!r}, which is no call's id")
            name = self.calls.pop(call_id)
        self.talk.append(["result", name, text, failed])

    def set(self, name, value):
        if value is not None and value != [] and value is not False:
            self.settings[name] = value


def check(heard, cell, turn):
    """Raises Violation unless `heard` says what turn `turn` of the cell's caller said."""
    wanted, lost = cell["request"], set(cell["lost"])
    faults = []

    def same(what, expected, found):
        if what not in lost and expected != found:
            faults.append(f"{what}: expected {expected!r}, got {found!r}")

    same("system", wanted.get("system", ""), "\n\n".join(heard.system))
    expected = [entry for entry in media_first(expected_talk(cell, turn)) if entry[0] not in lost]
    heard.talk = media_first(heard.talk)
    for entry, found in zip(expected, heard.talk):
        # Some dialects have no place for a tool's failure, on either side; but no result that was fine may fail.
        if entry[0] == found[0] == "result" and (found[3] is None or not found[3] and not cell["failure_is_said"]):
            found[3] = entry[3]
    same("talk", expected, heard.talk)
    tools = {name: plain_schema(tool["parameters"]) for name, tool in cell["tools"].items() if name in wanted.get("tools", [])}
    same("tools", tools, {name: plain_schema(schema) for name, schema in heard.tools.items()})
    settings = {name: value for name, value in wanted.items() if name not in ("system", "messages", "tools")}
    if "schema" in settings:
        settings["schema"] = plain_schema(cell["schema"]["schema"])
    found = dict(heard.settings)
    if "schema" in found:
        found["schema"] = plain_schema(found["schema"])
    for name, value in settings.items():
        same(name, value, found.pop(name, None))
    faults += [f"{name}: {value!r} was never asked for" for name, value in found.items()
               if name not in ALWAYS_ALLOWED]
    if faults:
        raise Violation("; ".join(faults))


def expected_talk(cell, turn):
    talk = []
    for message in cell["request"].get("messages", []):
        talk += [[kind, cell[kind]] for kind in MEDIA if message.get(kind)]
        talk.append([message["role"], message["text"]])
    for step, following in zip(cell["turns"][:turn], cell["turns"][1:]):
        answer = step["answer"]
        if answer.get("text"):
            talk.append(["assistant", answer["text"]])
        talk += [["call", name, arguments] for name, arguments in answer["calls"]]
        talk += [["result", name, result["text"], result.get("error", False)]
                 for (name, _), result in zip(answer["calls"], following["results"])]
    return talk


def plain_schema(schema):
    """A schema without what dialects add, leave out or spell in capitals."""
    if isinstance(schema, dict):
        kept = {name: plain_schema(value) for name, value in schema.items()
                if name not in ("additionalProperties", "$schema", "title", "propertyOrdering", "strict")}
        if isinstance(kept.get("type"), str):
            kept["type"] = kept["type"].lower()
        if kept.get("type") == "object":
            kept.setdefault("properties", {})
        if kept.get("required") == []:
            del kept["required"]
        return kept
    return [plain_schema(item) for item in schema] if isinstance(schema, list) else schema


def media_first(talk):
    """Puts an image or a document before the text of the same message: dialects that keep them apart know no order."""
    for place in range(1, len(talk)):
        if talk[place][0] in MEDIA and talk[place - 1][0] == "user":
            talk[place - 1:place + 1] = [talk[place], talk[place - 1]]
    return talk
