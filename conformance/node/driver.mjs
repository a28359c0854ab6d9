// Runs one SDK's cells: the same protocol as ../python/driver.py, and the same functions of an SDK's module, which exports `sdk(url, key)`.

import { AsyncLocalStorage } from "node:async_hooks";

// Stdout is for outcomes.
console.log = console.info = console.debug = console.error;

/** What the cell's last exchange looked like on the wire, whichever SDK made it. */
const wire = new AsyncLocalStorage();
const fetched = globalThis.fetch;

globalThis.fetch = async (input, init = {}) => {
  const seen = wire.getStore();
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  for (const [name, value] of Object.entries(seen?.send ?? {})) headers.set(name, value);
  const answer = await fetched(input, { ...init, headers });
  if (seen) Object.assign(seen, { status: answer.status, headers: answer.headers });
  return answer;
};

async function run(sdk, cell) {
  const seen = { send: cell.headers };
  const outcome = { id: cell.id, turns: [] };
  await wire.run(seen, async () => {
    try {
      if (cell.kind === "chat") await converse(sdk, cell, outcome);
      else {
        const act = sdk[cell.kind];
        if (!act) throw Object.assign(new Error("no such call"), { cannotSay: true });
        outcome.turns.push(await act(cell));
      }
    } catch (error) {
      if (error?.cannotSay) outcome.cannot_say = error.message;
      else outcome.error = told(error, seen);
    }
  });
  outcome.estimated = seen.headers?.get("x-closedpaw-estimated") ?? null;
  outcome.dropped = seen.headers?.get("x-closedpaw-dropped") ?? "";
  return outcome;
}

function told(error, seen) {
  const status = error?.statusCode ?? error?.status;
  // Some say the provider's words in a member of their own.
  const message = [error?.message ?? JSON.stringify(error), error?.responseBody ?? ""].join(" ");
  return {
    type: error?.constructor?.name ?? typeof error, status: Number.isInteger(status) ? status : null, wire_status: seen.status ?? null,
    message: message.slice(0, 2000), retry_after: seen.headers?.get("retry-after") ?? null,
  };
}

async function converse(sdk, cell, outcome) {
  const conversation = sdk.start(cell);
  let asked = null;
  for (const turn of cell.turns) {
    if (asked) sdk.reply(conversation, asked, turn.results);
    const [answer, back] = await sdk.ask(cell, conversation, cell.mode === "stream");
    asked = back;
    outcome.turns.push(answer);
  }
}

async function main() {
  let input = "";
  for await (const piece of process.stdin.setEncoding("utf8")) input += piece;
  const work = JSON.parse(input);
  const { sdk } = await import(`./${process.argv[2]}.mjs`);
  const made = sdk(work.url, work.key);
  const waiting = work.cells.values();
  const worker = async () => {
    for (const cell of waiting) process.stdout.write(JSON.stringify(await run(made, cell)) + "\n");
  };
  await Promise.all(Array.from({ length: work.threads }, worker));
}

await main();
