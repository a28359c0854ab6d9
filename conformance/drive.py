"""Runs the drivers, one process for each SDK."""

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import plan

HERE = Path(__file__).parent
DRIVER_LIMIT_S = 240


def drive(cells, urls, key, options):
    """Works through the cells, two SDKs at a time; returns outcomes by cell and why SDKs were left out."""
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
