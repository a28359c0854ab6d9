"""Runs one SDK's cells: reads jobs as JSON from stdin, writes one JSON line for each.

Usage: driver.py SDK. An SDK's module has a class `Sdk` with `start(cell)`, which returns the conversation in the SDK's own form, `ask(cell,
conversation, stream)`, which returns `(Answer as a dict, whatever `reply` needs)`, and `reply(conversation, asked, results)`, which adds the
model's turn and the results of its calls; where the SDK has them, also the other kinds of cells by their names: `embed(cell)`, `count(cell)`,
`fim(cell)`, `generate(cell)`, `models(cell)` and `model(cell)`, which return the answer as a dict.
"""

import importlib
import json
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import httpx

try:
    import httpx2
except ImportError:
    httpx2 = None


class CannotSay(Exception):
    """The SDK has no way to ask for this."""


#: What the thread's last exchange looked like on the wire, and the headers that its next request gets.
WIRE = threading.local()


def watch(client_class):
    """Lets every client of an HTTP library tell what it saw, whichever SDK made it."""
    send = client_class.send

    def watched(self, request, **options):
        request.headers.update(getattr(WIRE, "headers", {}))
        response = send(self, request, **options)
        WIRE.status, WIRE.response_headers = response.status_code, response.headers
        return response

    client_class.send = watched


def run(sdk, cell):
    WIRE.status, WIRE.response_headers, WIRE.headers = None, {}, cell.get("headers", {})
    outcome = {"id": cell["id"], "turns": []}
    try:
        if cell["kind"] == "chat":
            converse(sdk, cell, outcome)
        else:
            act = getattr(sdk, cell["kind"], None)
            if act is None:
                raise CannotSay("no such call")
            outcome["turns"].append(act(cell))
    except CannotSay as lack:
        outcome["cannot_say"] = str(lack)
    except Exception as error:
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        outcome["error"] = {"type": type(error).__name__, "status": status if isinstance(status, int) else None, "wire_status": WIRE.status,
                            "message": str(error)[:2000], "retry_after": WIRE.response_headers.get("retry-after")}
    outcome["estimated"] = WIRE.response_headers.get("x-closedpaw-estimated")
    outcome["dropped"] = WIRE.response_headers.get("x-closedpaw-dropped", "")
    return outcome


def converse(sdk, cell, outcome):
    conversation, asked = sdk.start(cell), None
    for turn in cell["turns"]:
        if asked is not None:
            sdk.reply(conversation, asked, turn["results"])
        answer, asked = sdk.ask(cell, conversation, cell["mode"] == "stream")
        outcome["turns"].append(answer)


def main():
    warnings.simplefilter("ignore")
    watch(httpx.Client)
    if httpx2:
        watch(httpx2.Client)
    work = json.load(sys.stdin)
    sdk = importlib.import_module(sys.argv[1]).Sdk(work["url"], work["key"])
    with ThreadPoolExecutor(work["threads"]) as pool:
        for outcome in pool.map(lambda cell: run(sdk, cell), work["cells"]):
            print(json.dumps(outcome, default=str), flush=True)


if __name__ == "__main__":
    sys.modules["driver"] = sys.modules["__main__"]
    main()
