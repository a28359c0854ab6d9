"""Checks a request against the vendor's published schema, or where that isn't at hand against a short list of members."""

import json
from pathlib import Path

from .conversation import Violation

#: Documents by dialect, and where in them the schemas stand. A request has to fit one of a dialect's documents.
DOCUMENTS = {
    "openai_chat": [("openai/openapi.trimmed.json", "#/components/schemas/")],
    "openai_responses": [("openai/openapi.trimmed.json", "#/components/schemas/")],
    "anthropic": [("anthropic/messages.sdk-2.12.0.schema.json", "#/$defs/"), ("anthropic/messages.sdk-0.121.0.schema.json", "#/$defs/")],
    "google": [("google/generativelanguage.v1beta.openapi.trimmed.json", "#/components/schemas/")],
    "mistral": [("mistral/openapi.trimmed.json", "#/components/schemas/")],
    "mistral_fim": [("mistral/openapi.trimmed.json", "#/components/schemas/")],
    "ollama": [("ollama/openapi.json", "#/components/schemas/")],
    "ollama_generate": [("ollama/openapi.json", "#/components/schemas/")],
}

#: What a body needs, and what it may have besides, by dialect and kind of request.
SHAPES = {
    ("openai_chat", "chat"): ("model messages", """audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens
        max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention
        reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice
        tools top_logprobs top_p user verbosity web_search_options"""),
    ("openai_chat", "embeddings"): ("model input", "dimensions encoding_format user"),
    ("openai_responses", "chat"): ("model input", """background context_management conversation include instructions max_output_tokens max_tool_calls
        metadata parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_retention reasoning safety_identifier
        service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user"""),
    ("anthropic", "chat"): ("model messages max_tokens", """cache_control container context_management diagnostics inference_geo mcp_servers
        metadata output_config service_tier speed stop_sequences stream system temperature thinking tool_choice tools top_k top_p"""),
    ("anthropic", "count"): ("model messages", "cache_control output_config system thinking tool_choice tools"),
    ("google", "chat"): ("contents", "cachedContent generationConfig model safetySettings serviceTier store systemInstruction toolConfig tools"),
    ("google", "count"): ("", "contents generateContentRequest model"),
    ("google", "embeddings"): ("requests", ""),
    ("mistral", "chat"): ("model messages", """frequency_penalty guardrails max_tokens metadata n parallel_tool_calls prediction presence_penalty
        prompt_cache_key prompt_mode random_seed reasoning_effort response_format safe_prompt service_tier stop stream temperature tool_choice
        tools top_p"""),
    ("mistral", "embeddings"): ("model input", "encoding_format metadata output_dimension output_dtype"),
    ("mistral_fim", "chat"): ("model prompt", "max_tokens metadata min_tokens random_seed stop stream suffix temperature top_p"),
    ("ollama", "chat"): ("model messages", "format keep_alive logprobs options stream think tools top_logprobs"),
    ("ollama_generate", "chat"): ("model", "format images keep_alive logprobs options prompt raw stream suffix system template think top_logprobs"),
    ("ollama", "embeddings"): ("model input", "dimensions keep_alive options truncate"),
}


class Schemas:
    """The schemas that are at hand, compiled once."""

    def __init__(self, specs):
        self.specs = Path(specs) if specs else None
        self.validators = {}
        for dialect, documents in DOCUMENTS.items() if self.specs else ():
            self.validators[dialect] = [self.document(dialect, *document) for document in documents]

    def document(self, dialect, path, prefix):
        import jsonschema

        document = relaxed(dialect, json.loads((self.specs / path).read_text(encoding="utf-8")))
        return lambda name: jsonschema.Draft202012Validator({**document, "$ref": prefix + name})

    def check(self, dialect, kind, name, body):
        """Raises Violation for a body that the vendor's documents don't allow."""
        required, optional = (set(names.split()) for names in SHAPES[dialect, kind])
        if not isinstance(body, dict) or required - set(body) or set(body) - required - optional:
            raise Violation(f"members missing: {sorted(required - set(body))}, unknown: {sorted(set(body) - required - optional)}")
        makers = self.validators.get(dialect)
        if not makers:
            return
        key = dialect, name
        if key not in self.validators:
            self.validators[key] = [make(name) for make in makers]
        faults = [best(validator, body) for validator in self.validators[key]]
        if all(faults):
            raise Violation(f"not what the vendor's schema says: {faults[0]}")


def best(validator, body):
    from jsonschema.exceptions import best_match

    fault = best_match(validator.iter_errors(body))
    return fault and f"{fault.json_path}: {fault.message[:300]}"


def relaxed(dialect, document):
    """Mends what the documents get wrong about real traffic."""
    if dialect == "google":
        # The model travels in the path.
        for schema in document["components"]["schemas"].values():
            if "model" in schema.get("required", []):
                schema["required"].remove("model")
        # The API refuses members that it doesn't know, though the document doesn't say so.
        for schema in document["components"]["schemas"].values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
    if dialect == "ollama":
        # The vendor's own package leaves out a content that is empty.
        document["components"]["schemas"]["ChatMessage"]["required"].remove("content")
    document.pop("$id", None)
    return respelled(document)


def respelled(node):
    """OpenAPI 3.0's `nullable` in the words of JSON Schema; and alternatives that overlap may overlap."""
    if isinstance(node, list):
        return [respelled(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {name: respelled(member) for name, member in node.items()}
    if isinstance(found.get("oneOf"), list):
        found.setdefault("anyOf", found.pop("oneOf"))
    if found.pop("nullable", None) is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found
