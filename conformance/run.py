"""Runs the official SDKs against a gateway whose providers are scripted, and judges every cell.

Without --direct it starts the gateway of --program; with it the SDKs talk to the scripted provider of their own dialect, which proves the
harness itself.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import matrix
import plan
import real
from drive import HERE, drive
from judge import FAIL, judge
from servers import ADMIN_KEY, KEY, Stack, ask, register, start_gateway, start_provider


def main():
    options = arguments()
    scripted = plan.cells(options.direct, options.only)
    # What a model says is in no script: those cells have numbers that no scripted one has.
    unscripted = real.cells(options.llama_model, options.only) if options.llama else []
    with tempfile.TemporaryDirectory() as folder, Stack() as stack:
        provider = start_provider(stack, Path(folder), scripted, options)
        if options.direct:
            urls = {ingress.name: provider + ingress.direct for ingress in plan.INGRESSES}
            key = KEY
        else:
            gateway = options.gateway_url or start_gateway(stack, Path(folder), options.program)
            key = options.key or ADMIN_KEY
            register(gateway, key, provider, real.registrations(options.llama) if options.llama else [])
            urls = {ingress.name: gateway + ingress.gateway for ingress in plan.INGRESSES}
        outcomes, skipped = drive(scripted + unscripted, urls, key, options)
        record = ask(f"{provider}/record")
    results = []
    for cell in scripted + unscripted:
        if cell["ingress"] in skipped:
            continue
        told = outcomes.get(cell["id"])
        if cell["feature"] == real.FEATURE:
            verdict, why = real.judge(cell, told)
        else:
            verdict, why = judge(cell, told, record.get(str(cell["id"]), {}))
        results.append({name: cell[name] for name in ("ingress", "egress", "feature", "mode")} | {"verdict": verdict, "why": why})
    if not options.llama:
        skipped[real.FEATURE] = "there is no --llama"
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
    options.add_argument("--llama", metavar="URL", help="a llama-server for the cells of a real model, which are left out without one")
    options.add_argument("--llama-model", default="default", help="what that server calls its model")
    options.add_argument("--specs", default=specs(), help="the vendors' schemas (default: $CLOSEDPAW_EXTRA_CASES/specs)")
    options.add_argument("--results", type=Path, help="where to write every cell's verdict, as JSON")
    options.add_argument("--matrix", type=Path, help="where to write the table")
    options.add_argument("--check-matrix", type=Path, help="fail if this table is not what came out")
    chosen = options.parse_args()
    if not (chosen.direct or chosen.program or chosen.gateway_url):
        options.error("one of --program, --gateway-url and --direct is needed")
    if chosen.direct and chosen.llama:
        options.error("--llama needs a gateway: its dialects are not each SDK's own")
    return chosen


def specs():
    extra = os.environ.get("CLOSEDPAW_EXTRA_CASES")
    return extra and os.path.join(extra, "specs")


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
    if options.matrix and skipped:
        stale = True
        print(f"FAIL {options.matrix} is not written, since parts of it were skipped")
    elif options.matrix:
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
