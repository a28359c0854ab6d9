"""Runs the real Claude Code and Codex through the gateway, against scripted providers of other dialects.

Each agent is set up by `closedpaw setup`, works in a home and a folder of its own, and reaches nothing but the gateway. It is asked for a
file; the provider has it run a command, hears the result and says a last word. A line a case tells what came of it: passed, failed with the
reason, or skipped with the reason.
"""

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

from provider import Provider, Script

HERE = Path(__file__).parent
INSTALL_LIMIT_S = 600
AGENT_LIMIT_S = 120
PROMPT = "Please make the file made.txt."


class Failed(Exception):
    pass


def claude(modules, home, key):
    # The package's own binary is put in its place by an install script, which is not run; this is what does without.
    command = ["node", modules / "@anthropic-ai/claude-code/cli-wrapper.cjs", "--print", PROMPT, "--output-format", "json", "--allowedTools", "Bash"]
    environment = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_MAX_RETRIES": "0"}
    return command, environment, lambda stdout: json.loads(stdout)["result"]


def codex(modules, home, key):
    once = [f"--config=model_providers.closedpaw.{name}=0" for name in ("request_max_retries", "stream_max_retries")]
    last_word = home / "last-word"
    command = ["node", modules / "@openai/codex/bin/codex.js", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
               *once, "--output-last-message", last_word, PROMPT]
    return command, {"CLOSEDPAW_KEY": key}, lambda _: last_word.read_text()


AGENTS = {"claude": claude, "codex": codex}
# What an agent is to be asked for: to run a command, or to use a tool whose input is a text of its own grammar.
COMMAND, PATCH = "command", "patch"
# The agent, the type and base path of the provider that it talks to through the gateway, the model, and what it is asked for. Codex offers
# its free-form tool for models that it knows alone.
CASES = [
    ("claude", "custom", "/v1", "tiny-1", COMMAND),
    ("claude", "anthropic", "", "tiny-1", COMMAND),
    ("codex", "anthropic", "", "tiny-1", COMMAND),
    ("codex", "custom", "/v1", "tiny-1", COMMAND),
    ("codex", "anthropic", "", "gpt-5.5", PATCH),
    ("codex", "custom", "/v1", "gpt-5.5", PATCH),
]
# Without a gateway an agent can only talk to its own dialect: this proves the scripted provider and this program.
DIRECT = [("claude", "messages", "", "tiny-1", COMMAND), ("codex", "responses", "", "tiny-1", COMMAND)]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", required=True, type=Path, help="the closedpaw binary")
    options.add_argument("--cache", required=True, type=Path, help="a folder in which the agents are installed, once for each lock file")
    options.add_argument("--direct", action="store_true", help="without the gateway, each agent against its own dialect")
    options.add_argument("--keep", type=Path, help="an empty folder for what is written, instead of one that is removed")
    options = options.parse_args()
    program = options.program.resolve()
    cases = DIRECT if options.direct else CASES
    names = [f"{agent} over {kind}, {ask}" for agent, kind, _, _, ask in cases]
    modules, reason = install(options.cache.resolve())
    if reason:
        for name in names:
            print(f"skipped {name}: {reason}")
        return 0
    failures = 0
    for name, case in zip(names, cases):
        with place(options.keep, name) as folder:
            try:
                run(program, modules, Path(folder), *case, direct=options.direct)
                print(f"passed {name}", flush=True)
            except Failed as failed:
                failures += 1
                print(f"failed {name}: {failed}", flush=True)
    return 1 if failures else 0


def place(keep, name):
    if keep is None:
        return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    folder = keep.resolve() / name.replace(", ", "-").replace(" ", "-")
    folder.mkdir(parents=True)
    return contextlib.nullcontext(folder)


def install(cache):
    """Installs the agents; gives the folder of their packages, or why there is none."""
    if not shutil.which("npm") or not shutil.which("node"):
        return None, "npm is missing: install Node.js 18 or newer"
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = cache / digest
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{digest}-", dir=cache))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, draft)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            subprocess.run(command, cwd=draft, check=True, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
            draft.rename(folder)
        except (subprocess.SubprocessError, OSError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            if folder.exists():
                return folder / "node_modules", None
            told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            return None, f"npm can't install the agents: {told[0] if told else error}"
    return folder / "node_modules", None


def run(program, modules, folder, agent, kind, path, model, ask, direct):
    script, made, heard = scripted(ask)
    for name in ("home", "work"):
        (folder / name).mkdir()
    home, key = folder / "home", secrets.token_hex(16)
    (folder / "key").write_text(key)
    (folder / "key").chmod(0o600)
    provider = Provider(script)
    try:
        with contextlib.ExitStack() as stack:
            url, name = provider.url, model
            if not direct:
                url = stack.enter_context(gateway(program, folder, key))
                register(url, key, {"provider_type": kind, "name": "lab", "base_url": provider.url + path, "network": "local", "api_key": "sk-scripted-0123456789"})
                name = f"lab/{model}"
            environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb"}
            setup = [program, "--url", url, "--key-file", folder / "key", "setup", agent, "--model", name, "--write"]
            finish(setup, environment, folder, "closedpaw setup")
            command, more, read = AGENTS[agent](modules, home, key)
            # Whatever it tries to reach beside the gateway, it finds a closed port.
            closed = {name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "HTTP_PROXY")} | {"NO_PROXY": "127.0.0.1"}
            stdout = finish(command, environment | closed | more, folder / "work", agent)
        file = folder / "work/made.txt"
        expect(file.exists() and file.read_text().strip() == made, "the tool did not run")
        judge(provider.seen, model, heard)
        said = read(stdout).strip()
        expect(said == script.last_word, f"the agent's last word was {said!r}")
    finally:
        provider.shutdown()
        provider.server_close()


def scripted(ask):
    """The script, what the file is to hold, and what the tool's result is to hold."""
    token, last_word = secrets.token_hex(8), f"It is made: {secrets.token_hex(8)}."
    if ask == PATCH:
        patch = f"*** Begin Patch\n*** Add File: made.txt\n+{token}\n*** End Patch\n"
        return Script({"apply_patch": {"input": patch}}, last_word), token, "A made.txt"
    command = f"echo {token} | tr a-f A-F | rev | tee made.txt"
    made = token.upper()[::-1]
    return Script({"Bash": {"command": command}, "exec_command": {"cmd": command}}, last_word), made, made


def judge(seen, model, heard):
    """Holds what the provider was sent against the script."""
    turns = [request for request in seen if request.tools]
    expect(len(turns) == 2, f"the provider was asked {len(turns)} times for a turn, not twice")
    first, second = turns
    for request in turns:
        expect(request.model == model, f"the provider was asked for the model {request.model}")
        expect(request.streamed, "a turn was not streamed")
        expect(any(PROMPT in text for text in request.texts), "the prompt did not reach the provider")
    expect(not first.results, "the first request held a tool's result")
    expect(first.tools == second.tools, "the second request offered other tools")
    expect(len(second.results) == 1 and heard in second.results[0][1], f"the second request did not carry the tool's result but {second.results}")
    expect(second.results[0][0] in ("call_first", "toolu_first"), f"the result answers the call {second.results[0][0]}")


def expect(truth, why):
    if not truth:
        raise Failed(why)


@contextlib.contextmanager
def gateway(program, folder, key):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CLOSEDPAW_ADMIN_KEY": key}
    command = [program, "serve", "--listen", "127.0.0.1:0", "--data-dir", folder / "data", "--keys-dir", folder / "keys"]
    with open(folder / "gateway.log", "w") as log, subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as child:
        try:
            line = child.stdout.readline()
            if not line.startswith("listening on "):
                raise Failed("the gateway did not start: " + (folder / "gateway.log").read_text()[-500:])
            # Whatever it prints later must not fill the pipe.
            threading.Thread(target=child.stdout.read, daemon=True).start()
            yield line.removeprefix("listening on ").strip()
        finally:
            child.terminate()


def register(url, key, provider):
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/api/providers/register", json.dumps(provider).encode(), headers)
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        raise Failed(f"the provider was not registered: {error.read()[:300]!r}") from error


def finish(command, environment, folder, name):
    """Runs a program to its good end and gives what it printed."""
    pipe = subprocess.PIPE
    # In a session of its own: the agents are started by a wrapper, and must end with it.
    child = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    try:
        stdout, stderr = child.communicate(timeout=AGENT_LIMIT_S)
    except subprocess.TimeoutExpired as expired:
        raise Failed(f"{name} did not end in {AGENT_LIMIT_S} s") from expired
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.returncode != 0:
        raise Failed(f"{name} ended with {child.returncode}: {last_words(stdout, stderr)}")
    return stdout


def last_words(stdout, stderr):
    """Why a program says that it failed: Claude Code in its result, the others in their last line."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return json.loads(stdout)["result"]
    lines = (stdout + stderr).strip().splitlines()
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
