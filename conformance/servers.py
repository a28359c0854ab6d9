"""Starts the scripted provider and the gateway, and registers the one with the other."""

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import plan

HERE = Path(__file__).parent
KEY = "sk-scripted-0123456789abcdef"
ADMIN_KEY = "conformance-admin-key-0123456789"


class Stack:
    """Ends the programs that were started, last first."""

    def __enter__(self):
        self.running = []
        return self

    def start(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)
        self.running.append(process)
        return process

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start_provider(stack, folder, cells, options):
    file = folder / "plan.json"
    file.write_text(json.dumps({"cells": cells, "models": plan.MODELS}), encoding="utf-8")
    command = [options.python, "-m", "provider", "--plan", str(file), "--key", KEY]
    if options.specs:
        command += ["--specs", options.specs]
    port = stack.start(command, cwd=HERE).stdout.readline().strip()
    if not port:
        sys.exit("the scripted provider did not start")
    return f"http://127.0.0.1:{port}"


def start_gateway(stack, folder, program):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOSEDPAW_")}
    environment |= {"CLOSEDPAW_ADMIN_KEY": ADMIN_KEY, "XDG_CONFIG_HOME": str(folder / "config")}
    log = open(folder / "gateway.log", "w", encoding="utf-8")
    command = [program, "--data-dir", str(folder / "data"), "--keys-dir", str(folder / "keys"), "serve", "--listen", "127.0.0.1:0"]
    gateway = stack.start(command, env=environment, stderr=log)
    for line in gateway.stdout:
        if line.startswith("listening on "):
            # Whatever it prints later must not fill the pipe.
            threading.Thread(target=gateway.stdout.read, daemon=True).start()
            return line.removeprefix("listening on ").strip()
    sys.exit("the gateway did not start: " + (folder / "gateway.log").read_text(encoding="utf-8")[-2000:])


def register(gateway, key, provider, more):
    """Registers the scripted providers, and those of the bodies `more`."""
    headers = {"authorization": f"Bearer {key}"}
    # The one that is there on a fresh data dir.
    ask(f"{gateway}/api/providers/ollama", method="DELETE", headers=headers)
    for name, (kind, path, _) in plan.EGRESSES.items():
        body = {"provider_type": kind, "name": name, "base_url": provider + path, "network": "local"}
        if kind != "ollama":
            body["api_key"] = KEY
        hasty = {"name": name + plan.HASTY, "timeout": plan.HASTY_TIMEOUT_S}
        for registration in (body, body | hasty, body | {"name": name + plan.REFUSED}):
            ask(f"{gateway}/api/providers/register", registration, headers=headers)
    for registration in more:
        ask(f"{gateway}/api/providers/register", registration, headers=headers)


def ask(url, body=None, method=None, headers=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        sys.exit(f"{url}: {error.code} {error.read().decode(errors='replace')}")
