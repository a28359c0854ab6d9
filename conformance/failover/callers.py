"""The official SDKs, streaming with their own retries off: each a function of a model, a question and a list that takes the pieces of text."""

import threading

import httpx

try:
    import httpx2
except ImportError:
    httpx2 = None

MOST_TOKENS = 4
TIMEOUT_S = 60
#: The headers of the thread's last answer.
WIRE = threading.local()


def watch(client_class):
    """Lets every client of an HTTP library tell what headers it saw, whichever SDK made it."""
    send = client_class.send

    def watched(self, request, **options):
        WIRE.headers = {}
        response = send(self, request, **options)
        WIRE.headers = response.headers
        return response

    client_class.send = watched


for library in filter(None, (httpx, httpx2)):
    watch(library.Client)


def attempts():
    """How many attempts the thread's last request took."""
    return int(WIRE.headers.get("x-closedpaw-attempts", 0))


def served_by():
    return WIRE.headers.get("x-closedpaw-provider")


def request_id():
    return WIRE.headers.get("x-request-id")


class Cut(Exception):
    """The stream ended without the dialect's end."""


def openai(url, key):
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=TIMEOUT_S)

    def call(model, question, text):
        finish = None
        messages = [{"role": "user", "content": question}]
        for chunk in client.chat.completions.create(model=model, messages=messages, max_tokens=MOST_TOKENS, stream=True):
            for choice in chunk.choices:
                text.append(choice.delta.content or "")
                finish = choice.finish_reason or finish
        if not finish:
            raise Cut
    return call


def anthropic(url, key):
    from anthropic import Anthropic

    client = Anthropic(base_url=url, api_key=key, max_retries=0, timeout=TIMEOUT_S)

    def call(model, question, text):
        with client.messages.stream(model=model, max_tokens=MOST_TOKENS, messages=[{"role": "user", "content": question}]) as stream:
            for piece in stream.text_stream:
                text.append(piece)
            if not stream.get_final_message().stop_reason:
                raise Cut
    return call


def google(url, key):
    from google import genai
    from google.genai import types

    options = types.HttpOptions(base_url=url, timeout=TIMEOUT_S * 1000, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key=key, http_options=options)
    config = types.GenerateContentConfig(max_output_tokens=MOST_TOKENS)

    def call(model, question, text):
        finish = None
        for chunk in client.models.generate_content_stream(model=model, contents=question, config=config):
            for candidate in chunk.candidates or []:
                text.extend(part.text or "" for part in (candidate.content and candidate.content.parts) or [])
                finish = candidate.finish_reason or finish
        if not finish:
            raise Cut
    return call


CALLERS = {"openai": openai, "anthropic": anthropic, "google": google}
