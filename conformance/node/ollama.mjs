// The ollama package.

import { Ollama } from "ollama";
import { cannot, lacks, tools } from "./lack.mjs";

export function sdk(url, key) {
  const client = new Ollama({ host: url, headers: { Authorization: `Bearer ${key}` } });
  return {
    start, reply,
    async ask(cell, messages, stream) {
      return told(await all(client.chat({ model: cell.model, messages, stream, ...settings(cell) }), stream));
    },
    async generate(cell) {
      const { messages: [{ text: prompt }], system } = cell.request;
      const stream = cell.mode === "stream";
      const answers = await all(client.generate({ model: cell.model, prompt, system, stream, ...settings(cell) }), stream);
      return { text: answers.map((answer) => answer.response).join(""), calls: [], ...ending(answers.at(-1)) };
    },
    async embed(cell) {
      if (cell.request.encoding === "base64") cannot("the API knows numbers only");
      const answer = await client.embed({ model: cell.model, input: cell.request.input });
      return { vectors: answer.embeddings, usage: { input: answer.prompt_eval_count } };
    },
    async model(cell) {
      return { capabilities: (await client.show({ model: cell.model })).capabilities };
    },
    async models() {
      return { models: (await client.list()).models.map((model) => model.model) };
    },
  };
}

function start(cell) {
  const { system, messages } = cell.request;
  if (messages.some((message) => message.document)) cannot("no member for documents");
  const said = messages.map(({ role, text, image }) => ({ role, content: text, ...(image ? { images: [cell.image] } : {}) }));
  return system ? [{ role: "system", content: system }, ...said] : said;
}

const NAMES = { temperature: "temperature", top_p: "top_p", seed: "seed", stop: "stop", max_tokens: "num_predict" };

function settings(cell) {
  const { request } = cell, options = {}, found = {};
  lacks(request, ["n", "tool_choice"]);
  for (const [ours, theirs] of Object.entries(NAMES)) if (ours in request) options[theirs] = request[ours];
  if (Object.keys(options).length) found.options = options;
  if (request.tools) found.tools = tools(cell, (tool) => ({ type: "function", function: tool }));
  if (request.schema) found.format = cell.schema.schema;
  if (request.json) found.format = "json";
  if (request.reasoning) found.think = true;
  if (request.logprobs) Object.assign(found, { logprobs: true, top_logprobs: request.logprobs });
  return found;
}

async function all(answering, stream) {
  const answer = await answering;
  if (!stream) return [answer];
  const answers = [];
  for await (const piece of answer) answers.push(piece);
  return answers;
}

function ending({ done, done_reason: reason, prompt_eval_count: input, eval_count: output }) {
  return { finish: done ? reason : null, usage: { input, output } };
}

function told(answers) {
  const joined = (name) => answers.map((answer) => answer.message[name] ?? "").join("");
  const calls = answers.flatMap((answer) => answer.message.tool_calls ?? []);
  const [content, thinking] = [joined("content"), joined("thinking")];
  const top = answers.flatMap((answer) => answer.logprobs ?? [])[0]?.top_logprobs ?? [];
  const said = {
    text: content, reasoning: thinking, calls: calls.map((call) => [call.function.name, call.function.arguments]),
    logprobs: top.map((one) => [one.token, one.logprob]), ...ending(answers.at(-1)),
  };
  return [said, { role: "assistant", content, ...(thinking ? { thinking } : {}), ...(calls.length ? { tool_calls: calls } : {}) }];
}

function reply(messages, asked, results) {
  messages.push(asked);
  asked.tool_calls.forEach((call, place) => messages.push({ role: "tool", tool_name: call.function.name, content: results[place].text }));
}
