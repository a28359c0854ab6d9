"""What cannot be carried from one dialect to another, and how the caller is told. Each row is asserted, not excused.

A row's `how` is
  - `dropped`: the answer comes, and `x-closedpaw-dropped` names `member`; with `x-closedpaw-strict: true` it is a 400;
  - `refused`: the request is answered with a status of 400 to 501 and a sentence;
  - `estimated`: the gateway answers by an estimate, and `x-closedpaw-estimated` says so;
  - `absent`: the provider has nothing of the kind to tell, and the caller gets all the rest;
  - `unsaid`: the caller's dialect has no word for it, and the caller gets all the rest.
`loses` are the things that need not reach the provider, `lacks` those that need not reach the caller.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatch

CHAT, RESPONSES, ANTHROPIC, GOOGLE, MISTRAL, OLLAMA = "openai_chat", "openai_responses", "anthropic", "google", "mistral", "ollama"


@dataclass(frozen=True)
class Limit:
    feature: str
    how: str
    reason: str
    #: The dialects of callers and providers that it is about; empty means all.
    caller: tuple = ()
    provider: tuple = ()
    #: The registered provider that it is about, where the dialect doesn't say.
    egress: str = ""
    member: str = ""
    loses: tuple = field(default=())
    lacks: tuple = field(default=())

    def applies(self, feature, caller, provider, egress):
        if caller == provider and self.how != "absent":
            return False
        return (fnmatch(feature, self.feature) and (not self.caller or caller in self.caller)
                and (not self.provider or provider in self.provider) and self.egress in ("", egress))


LIMITS = [
    Limit("seed", "dropped", "has no seed", provider=(ANTHROPIC,), member="seed", loses=("seed",)),
    Limit("JSON mode", "dropped", "has JSON by schema only", provider=(ANTHROPIC,), member="response_format", loses=("json",)),
    Limit("several choices", "dropped", "gives one answer", provider=(ANTHROPIC, OLLAMA), member="n", loses=("n",), lacks=("choices",)),
    Limit("log probabilities", "dropped", "tells no probabilities", provider=(ANTHROPIC, MISTRAL), member="logprobs", loses=("logprobs",), lacks=("logprobs",)),
    Limit("tool choice: *", "dropped", "cannot be told to call a tool", provider=(OLLAMA,), member="tool_choice", loses=("tool_choice",)),
    Limit("tool result, failed", "dropped", "cannot be told that a tool failed", caller=(ANTHROPIC, GOOGLE), provider=(CHAT, RESPONSES, MISTRAL, OLLAMA),
          member="messages.tool_result.is_error", loses=("failed",)),
    Limit("document", "dropped", "reads no documents", provider=(OLLAMA,), member="messages.document", loses=("document",)),
    Limit("fill in the middle", "refused", "completes at the end only", provider=(CHAT, RESPONSES, ANTHROPIC, GOOGLE, OLLAMA)),
    Limit("reasoning*", "dropped", "thinks much or not at all", caller=(OLLAMA,), provider=(MISTRAL,), member="reasoning.effort"),
    Limit("reasoning*", "absent", "tells no thoughts in chat completions", provider=(CHAT,), egress="openai", lacks=("reasoning",)),
    Limit("usage, cached", "absent", "does not count what it had cached", provider=(OLLAMA,), lacks=("cached",)),
    Limit("usage, cached", "unsaid", "no word for it", caller=(OLLAMA,), lacks=("cached",)),
    Limit("stop: filter", "absent", "has no such reason to stop", provider=(MISTRAL, OLLAMA), lacks=("finish",)),
    Limit("stop: filter", "unsaid", "no word for it", caller=(MISTRAL, OLLAMA), lacks=("finish",)),
    Limit("embeddings*", "refused", "has no embeddings", provider=(ANTHROPIC,)),
    Limit("token count", "estimated", "counts no tokens", provider=(CHAT, MISTRAL, OLLAMA)),
]


def limit_of(feature, caller, provider, egress):
    """The first row about this cell, if there is one."""
    return next((limit for limit in LIMITS if limit.applies(feature, caller, provider, egress)), None)


#: What may be named as dropped wherever it comes up, since it changes no answer: hints, and thoughts of other models.
MAY_BE_DROPPED = {"reasoning.include", "messages.seal", "messages.reasoning", "tools.eager_input_streaming"}
