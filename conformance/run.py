"""Runs the official SDKs against a gateway whose providers are scripted, and judges every cell.

Without --direct it starts the gateway of --program; with it the SDKs talk to the scripted provider of their own dialect, which proves the
harness itself.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import matrix
import plan
from judge import FAIL, judge

HERE = Path(__file__).parent
KEY = "sk-scripted-0123456789abcdef"
ADMIN_KEY = "conformance-admin-key-0123456789"
DRIVER_LIMIT_S = 240


def main():
    options = arguments()
    cells = plan.cells(options.direct, options.only)
    with tempfile.TemporaryDirectory() as folder, Stack() as stack:
        provider = start_provider(stack, Path(folder), cells, options)
        if options.direct:
            urls = {ingress.name: provider + ingress.direct for ingress in plan.INGRESSES}
            key = KEY
        else:
            gateway = options.gateway_url or start_gateway(stack, Path(folder), options.program)
            key = options.key or ADMIN_KEY
            register(gateway, key, provider)
            urls = {ingress.name: gateway + ingress.gateway for ingress in plan.INGRESSES}
        outcomes, skipped = drive(cells, urls, key, options)
        record = ask(f"{provider}/record")
    results = []
    for cell in cells:
        if cell["ingress"] in skipped:
            continue
        verdict, why = judge(cell, outcomes.get(cell["id"]), record.get(str(cell["id"]), {}))
        results.append({name: cell[name] for name in ("ingress", "egress", "feature", "mode")} | {"verdict": verdict, "why": why})
    return report(results, skipped, record.get("0", {}).get("violations", []), options)


def arguments():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", help="the closedpaw binary")
    options.add_argument("--gateway-url", help="a gateway that is up already; --key is its admin key")
    options.add_argument("--key")
    options.add_argument("--direct", action="store_true")
    options.add_argument("--only", help="only cells whose `SDK / provider / feature / mode` holds this text")
    options.add_argument("--python", default=sys.executable, help="the Python that has python/requirements.txt installed")
    options.add_argument("--node", type=Path, default=HERE / "node", help="a copy of node/ in which `npm ci` has run")
    options.add_argument("--skip", action="append", default=[], choices=["python", "node"], help="leave out a language's SDKs")
    options.add_argument("--specs", default=specs(), help="the vendors' schemas (default: $CLOSEDPAW_EXTRA_CASES/specs)")
    options.add_argument("--results", type=Path, help="where to write every cell's verdict, as JSON")
    options.add_argument("--matrix", type=Path, help="where to write the table")
    options.add_argument("--check-matrix", type=Path, help="fail if this table is not what came out")
    chosen = options.parse_args()
    if not (chosen.direct or chosen.program or chosen.gateway_url):
        options.error("one of --program, --gateway-url and --direct is needed")
    return chosen


def specs():
    extra = os.environ.get("CLOSEDPAW_EXTRA_CASES")
    return extra and os.path.join(extra, "specs")


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


def register(gateway, key, provider):
    headers = {"authorization": f"Bearer {key}"}
    # The one that is there on a fresh data dir.
    ask(f"{gateway}/api/providers/ollama", method="DELETE", headers=headers)
    for name, (kind, path, _) in plan.EGRESSES.items():
        body = {"provider_type": kind, "name": name, "base_url": provider + path, "network": "local"}
        if kind != "ollama":
            body["api_key"] = KEY
        hasty = {"name": name + plan.HASTY, "timeout": plan.HASTY_TIMEOUT_S}
        for registration in (body, body | hasty):
            ask(f"{gateway}/api/providers/register", registration, headers=headers)


def ask(url, body=None, method=None, headers=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        sys.exit(f"{url}: {error.code} {error.read().decode(errors='replace')}")


def drive(cells, urls, key, options):
    """Runs one process for each SDK, two at a time; returns outcomes by cell and why SDKs were left out."""
    outcomes, skipped, jobs = {}, {}, []
    for ingress in plan.INGRESSES:
        if ingress.language in options.skip:
            skipped[ingress.name] = f"{ingress.language} was left out"
        elif mine := [cell for cell in cells if cell["ingress"] == ingress.name]:
            jobs.append((ingress, mine))

    def run(job):
        ingress, mine = job
        started = time.monotonic()
        work = json.dumps({"url": urls[ingress.name], "key": key, "threads": 4, "cells": mine})
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        if ingress.language == "python":
            command, folder = [options.python, "driver.py", ingress.module], HERE / "python"
        else:
            command, folder = ["node", "driver.mjs", ingress.module], options.node
        try:
            done = subprocess.run(command, input=work, capture_output=True, text=True, cwd=folder, env=environment, timeout=DRIVER_LIMIT_S)
            output, errors = done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            output, errors = (late.stdout or b"").decode(), "it took too long"
        for line in output.splitlines():
            outcome = json.loads(line)
            outcomes[outcome["id"]] = outcome
        told = sum(cell["id"] in outcomes for cell in mine)
        print(f"{ingress.name}: {told} of {len(mine)} cells in {time.monotonic() - started:.1f} s", flush=True)
        if told < len(mine):
            print(errors[-2000:], flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, jobs))
    return outcomes, skipped


def report(results, skipped, stray, options):
    for result in results:
        if result["verdict"] == FAIL:
            print(f"FAIL {result['ingress']} / {result['egress']} / {result['feature']} / {result['mode']}: {result['why']}")
    for name, reason in skipped.items():
        print(f"skipped {name}: {reason}")
    for violation in sorted(set(stray)):
        print(f"FAIL outside of any cell: {violation}")
    if options.results:
        options.results.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    stale = False
    table = matrix.table(results)
    if options.matrix:
        options.matrix.write_text(table, encoding="utf-8")
    if options.check_matrix and not skipped:
        stale = not options.check_matrix.exists() or options.check_matrix.read_text(encoding="utf-8") != table
        if stale:
            print(f"FAIL {options.check_matrix} is stale: run `cargo xtask conformance --write`")
    counts = Counter(result["verdict"] for result in results)
    failures = counts["fail"] + bool(stray) + stale
    print(f"conformance: {counts['pass']} passed, {counts['impossible']} impossible, {counts['unasked']} cannot be asked, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
