"""What the scripted provider answers: the cell's answer, with ids, seals and pieces."""

import base64
import json
from dataclasses import dataclass


@dataclass
class Script:
    """One answer, and what its dialect needs to write it."""

    answer: dict
    cell: int
    turn: int
    model: str
    #: Whether a stream shall tell its counts.
    usage_wanted: bool = True

    def __getattr__(self, name):
        return self.answer.get(name)

    @property
    def texts(self):
        return self.answer.get("choices") or [self.answer.get("text") or ""]

    @property
    def text(self):
        return self.texts[0]

    @property
    def finish(self):
        return self.answer.get("finish") or ("tools" if self.answer.get("calls") else "stop")

    @property
    def counts(self):
        return {"input": 21, "cached": 0, "output": 9, "thoughts": 4 if self.reasoning else 0, **(self.answer.get("usage") or {})}

    @property
    def seal(self):
        return seal(self.cell, self.turn)

    def id(self, prefix):
        return f"{prefix}{self.cell:05}x{self.turn}"

    def call_id(self, prefix, place):
        return f"{prefix}{self.cell:05}x{self.turn}x{place}"


def seal(cell, turn):
    """A signature as opaque as a vendor's, which is base64 too."""
    return base64.b64encode(f"the seal of turn {turn} of cell {cell}, with \x00\xff in it".encode("latin-1")).decode()


def pieces(text, size=5):
    return [text[start:start + size] for start in range(0, len(text), size)]


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sse(value, event=None, end="\n"):
    """One server-sent event."""
    name = f"event: {event}{end}" if event else ""
    return f"{name}data: {value if isinstance(value, str) else compact(value)}{end}{end}".encode()
