"""Two real llama.cpp servers behind one route, while official SDKs stream: one is killed and comes back, the other is stopped and goes on.

No caller may see an error that a healthy server could have answered: a request may fail only once its answer had begun, on the server that went
away just then. The SDKs' own retries are off. A line a check tells what came of it: passed, or failed with the reason.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from callers import CALLERS, attempts, request_id, served_by
from servers import ADMIN_KEY, Stack, ask, start_gateway

ROUTE, MODEL, NAMES = "either", "smollm2", ("first", "second")
START_LIMIT_S, RUN_LIMIT_S = 120, 300
#: Threads for each SDK.
EACH = 4
#: After which part of the requests what happens.
KILL_AT, RESTART_AT, STOP_AT = 0.2, 0.35, 0.6
#: Longer than a stopped server is waited for, shorter than a health probe's patience with it takes to matter.
STOPPED_S = 12
FIRST_TOKEN_S, IDLE_S = 4, 6
#: Retries may be a tenth of the requests, and these.
RESERVE = 50


class Server:
    """A llama-server that can be killed and started again at the same address."""

    def __init__(self, options, log):
        self.options, self.log = options, log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = None

    def start(self):
        command = [self.options.llama_server, "--host", "127.0.0.1", "--port", str(self.port), "--model", self.options.model, "--alias", MODEL,
                   "--ctx-size", "4096", "--parallel", "8", "--threads", "1", "-ngl", "0", "--jinja", "--no-warmup"]
        environment = os.environ | ({"LD_LIBRARY_PATH": self.options.llama_libs} if self.options.llama_libs else {})
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)

    def wait(self):
        """Waits until the model is loaded."""
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                sys.exit(f"llama-server ended with {self.process.returncode}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        sys.exit("llama-server did not load its model in time")

    def tell(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process and self.process.poll() is None:
            # A stopped process takes no other signal than this one.
            self.process.kill()
            self.process.wait()


class Tally:
    """What came of each request, and what happened meanwhile."""

    def __init__(self, total):
        self.total, self.begun, self.lock = total, 0, threading.Lock()
        self.outcomes, self.done, self.events = [], threading.Condition(self.lock), {}

    def take(self):
        """The number of the next request, if there is one."""
        with self.lock:
            self.begun += 1
            return self.begun - 1 if self.begun <= self.total else None

    def put(self, outcome):
        with self.done:
            self.outcomes.append(outcome)
            self.done.notify_all()

    def wait_for(self, reached, limit_s):
        """Waits until `reached` holds for the outcomes so far, or all is over, or that long."""
        with self.done:
            return self.done.wait_for(lambda: reached(self.outcomes) or len(self.outcomes) >= self.total, limit_s)

    def mark(self, event):
        self.events[event] = time.monotonic()


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder, Stack() as stack, open(Path(folder) / "llama.log", "w", encoding="utf-8") as log:
        servers = [Server(options, log) for _ in NAMES]
        try:
            for server in servers:
                server.start()
            for server in servers:
                server.wait()
            gateway = start_gateway(stack, Path(folder), options.program)
            register(gateway, servers)
            tally = Tally(options.requests)
            started = time.monotonic()
            run(gateway, servers, tally)
            return report(gateway, tally, time.monotonic() - started)
        finally:
            for server in servers:
                server.end()


def arguments():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", required=True, help="the closedpaw binary")
    options.add_argument("--llama-server", required=True, help="llama.cpp's server")
    options.add_argument("--llama-libs", default="", help="the folder of its own libraries, if they lie elsewhere than the system looks")
    options.add_argument("--model", required=True, help="a small model as GGUF")
    options.add_argument("--requests", type=int, default=1000)
    return options.parse_args()


def register(gateway, servers):
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    ask(f"{gateway}/api/providers/ollama", method="DELETE", headers=headers)
    for name, server in zip(NAMES, servers):
        body = {"provider_type": "custom", "name": name, "base_url": f"http://127.0.0.1:{server.port}/v1", "network": "local",
                "settings": {"preset": "llamacpp"}, "default_model": MODEL,
                "timeouts": {"connect": 2, "first_token": FIRST_TOKEN_S, "idle": IDLE_S}}
        ask(f"{gateway}/api/providers/register", body, headers=headers)
    route = {"strategy": "least-in-flight", "candidates": [{"provider": name, "model": MODEL} for name in NAMES]}
    ask(f"{gateway}/api/routes/{ROUTE}", route, method="PUT", headers=headers)


def run(gateway, servers, tally):
    # One server is told what happens to it while the callers ask; each of the two is well whenever the other is not.
    callers = {name: make(gateway, ADMIN_KEY) for name, make in CALLERS.items()}
    threads = [threading.Thread(target=call, args=(caller, name, tally), daemon=True) for name, caller in callers.items() for _ in range(EACH)]
    for thread in threads:
        thread.start()
    first, second = servers
    part = lambda share: lambda outcomes: len(outcomes) >= share * tally.total
    tally.wait_for(part(KILL_AT), RUN_LIMIT_S)
    tally.mark("killed")
    first.tell(signal.SIGKILL)
    first.process.wait()
    tally.wait_for(part(RESTART_AT), RUN_LIMIT_S)
    first.start()
    first.wait()
    tally.mark("restarted")
    tally.wait_for(part(STOP_AT), RUN_LIMIT_S)
    tally.wait_for(answered_since("first", tally.events["restarted"], 10), RUN_LIMIT_S)
    tally.mark("stopped")
    second.tell(signal.SIGSTOP)
    tally.wait_for(lambda _: False, STOPPED_S)
    tally.mark("continued")
    second.tell(signal.SIGCONT)
    until = time.monotonic() + RUN_LIMIT_S
    for thread in threads:
        thread.join(max(0, until - time.monotonic()))


def answered_since(name, moment, count):
    return lambda outcomes: sum(o["by"] == name and o["whole"] and o["began"] > moment for o in outcomes) >= count


def call(caller, name, tally):
    while (number := tally.take()) is not None:
        began, text = time.monotonic(), []
        outcome = {"sdk": name, "began": began, "whole": False, "error": None}
        try:
            caller(ROUTE, f"Count to {number % 10 + 2}.", text)
            outcome["whole"] = True
        except Exception as error:
            outcome["error"] = f"{type(error).__name__}: {error}"[:300]
        outcome |= {"said": "".join(text), "by": served_by(), "attempts": attempts(), "id": request_id(), "took": time.monotonic() - began}
        tally.put(outcome)


def record(gateway, outcome):
    """What the gateway noted of a request, which may take a moment to be written."""
    time.sleep(1)
    return outcome["id"] and ask(f"{gateway}/api/requests/{outcome['id']}", headers={"authorization": f"Bearer {ADMIN_KEY}"})


def report(gateway, tally, took):
    outcomes, events = tally.outcomes, tally.events
    whole = [o for o in outcomes if o["whole"]]
    early = [o for o in outcomes if not o["whole"] and not o["said"]]
    late = [o for o in outcomes if not o["whole"] and o["said"]]
    tries = sum(o["attempts"] for o in outcomes)
    servers, sdks = Counter(o["by"] for o in whole), Counter(o["sdk"] for o in whole)
    back = {name: sum(o["by"] == name and o["began"] > events[event] for o in whole) for name, event in (("first", "restarted"), ("second", "continued"))}
    longest = sorted(o["took"] for o in outcomes)[-1] if outcomes else 0
    print(f"{len(outcomes)} requests in {took:.1f} s: {len(whole)} whole {dict(sdks)} {dict(servers)}, {len(late)} broken after their first word, "
          f"{len(early)} without a word; {tries} attempts; the longest took {longest:.1f} s")
    print("from the start: " + ", ".join(f"{event} at {moment - outcomes[0]['began']:.1f} s" for event, moment in events.items()))
    for outcome in early[:5] + late[:5]:
        print(f"  {outcome['sdk']} by {outcome['by']} after {outcome['attempts']} attempts, {outcome['said']!r}: {outcome['error']}")
    for outcome in early[:5]:
        print(f"  the gateway's record: {record(gateway, outcome)}")
    at_once = EACH * len(CALLERS)
    checks = {
        "every request came to an end": (len(outcomes) == tally.total, f"{len(outcomes)} of {tally.total}"),
        "no error that a healthy server could have answered": (not early, f"{len(early)} failed without a word"),
        # What ran on a server when it went is all that may break, once for the kill and once for the stop.
        "only what had begun broke off": (len(late) <= 2 * at_once, f"{len(late)} of {at_once} at once"),
        "whole answers say something": (all(o["said"].strip() for o in whole), "an answer without a word"),
        "every SDK was answered": (set(sdks) == set(CALLERS), str(dict(sdks))),
        "the killed server answers again": (back["first"] > 0, str(back)),
        "the stopped server answers again": (back["second"] > 0, str(back)),
        "retries stay in their budget": (tries - len(outcomes) <= tally.total / 10 + RESERVE, f"{tries} attempts"),
    }
    for name, (holds, why) in checks.items():
        print(f"passed {name}" if holds else f"failed {name}: {why}")
    return 0 if all(holds for holds, _ in checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
