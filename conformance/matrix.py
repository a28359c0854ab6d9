"""Writes the table of what works, from the cells' verdicts."""

from collections import OrderedDict

import real

SIGNS = {"pass": "✓", "impossible": "–", "unasked": "", "fail": "✗"}


def table(results):
    """Markdown, the same for the same results."""
    unscripted = [result for result in results if result["feature"] == real.FEATURE]
    results = [result for result in results if result["feature"] != real.FEATURE]
    egresses = list(OrderedDict.fromkeys(result["egress"] for result in results))
    lines = ["# What works through the gateway", "",
             "Written by `cargo xtask conformance --write` from a run of the official SDKs (`conformance/`); do not edit.", "",
             "Each cell stands for a feature asked for through an SDK of a provider, whole and streamed: ✓ works, – cannot be (the reason is below, and the",
             "run asserts that the caller is told), ✗ fails; empty where the SDK has no way to ask. The first table counts the features that work, and",
             "after the plus sign those that cannot be."]
    notes = OrderedDict()
    lines += ["", "| |" + "".join(f" {name} |" for name in egresses), "|---|" + ":-:|" * len(egresses)]
    for ingress in OrderedDict.fromkeys(result["ingress"] for result in results):
        lines.append(f"| {ingress} |" + "".join(f" {counted(results, ingress, egress)} |" for egress in egresses))
    lines += real.table(unscripted, sign, notes)
    for ingress in OrderedDict.fromkeys(result["ingress"] for result in results):
        mine = [result for result in results if result["ingress"] == ingress]
        lines += ["", f"## {ingress}", "", "| |" + "".join(f" {name} |" for name in egresses), "|---|" + ":-:|" * len(egresses)]
        for feature in OrderedDict.fromkeys(result["feature"] for result in mine):
            row = []
            for egress in egresses:
                here = [result for result in mine if (result["feature"], result["egress"]) == (feature, egress)]
                row.append(sign(here, notes))
            lines.append(f"| {feature} |" + "".join(f" {entry} |" for entry in row))
    lines += ["", "## Why not", ""] + [f"{number}. {reason}" for reason, number in notes.items()]
    return "\n".join(lines) + "\n"


def counted(results, ingress, egress):
    features = OrderedDict()
    for result in results:
        if (result["ingress"], result["egress"]) == (ingress, egress):
            features.setdefault(result["feature"], set()).add(result["verdict"])
    works = sum(verdicts == {"pass"} for verdicts in features.values())
    cannot = sum("impossible" in verdicts and "fail" not in verdicts for verdicts in features.values())
    fails = sum("fail" in verdicts for verdicts in features.values())
    return f"{works}" + (f" + {cannot}" if cannot else "") + (f", {fails} ✗" if fails else "")


def sign(here, notes):
    verdicts = {result["verdict"] for result in here}
    if not verdicts:
        return ""
    if "fail" in verdicts:
        return SIGNS["fail"]
    if "impossible" in verdicts:
        reasons = OrderedDict.fromkeys(result["why"] for result in here if result["verdict"] == "impossible")
        numbers = [notes.setdefault(reason, len(notes) + 1) for reason in reasons]
        return SIGNS["impossible"] + " " + ", ".join(map(str, numbers))
    return SIGNS["pass" if "pass" in verdicts else "unasked"]
