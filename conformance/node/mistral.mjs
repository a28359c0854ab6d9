// The @mistralai/mistralai package.

import { Mistral } from "@mistralai/mistralai";
import { cannot, lacks, tools } from "./lack.mjs";

export function sdk(url, key) {
  const client = new Mistral({ apiKey: key, serverURL: url, timeoutMs: 30000, retryConfig: { strategy: "none" } });
  return {
    start, reply,
    async ask(cell, messages, stream) {
      const options = { model: cell.model, messages, ...settings(cell) };
      return stream ? gathered(await client.chat.stream(options)) : told(await client.chat.complete(options));
    },
    async fim(cell) {
      const { messages: [{ text: prompt }], suffix, max_tokens: maxTokens } = cell.request;
      const options = { model: cell.model, prompt, suffix, maxTokens };
      const [said] = cell.mode === "stream" ? await gathered(await client.fim.stream(options)) : told(await client.fim.complete(options));
      return said;
    },
    async embed(cell) {
      if (cell.request.encoding === "base64") cannot("the package reads numbers only");
      const answer = await client.embeddings.create({ model: cell.model, inputs: cell.request.input });
      return { vectors: answer.data.map((entry) => entry.embedding), usage: { input: answer.usage.promptTokens } };
    },
    async model(cell) {
      return { model: (await client.models.retrieve({ modelId: cell.model })).id };
    },
    async models() {
      return { models: (await client.models.list()).data.map((model) => model.id) };
    },
  };
}

function start(cell) {
  const { system, messages } = cell.request;
  const picture = { type: "image_url", imageUrl: `data:image/png;base64,${cell.image}` };
  const file = { type: "document_url", documentUrl: `data:application/pdf;base64,${cell.document}`, documentName: "report.pdf" };
  const said = messages.map(({ role, text, image, document }) => ({
    role, content: image || document ? [{ type: "text", text }, image ? picture : file] : text,
  }));
  return system ? [{ role: "system", content: system }, ...said] : said;
}

const NAMES = { temperature: "temperature", top_p: "topP", seed: "randomSeed", max_tokens: "maxTokens", n: "n", stop: "stop" };

function settings(cell) {
  const { request } = cell, found = {};
  lacks(request, ["logprobs"]);
  for (const [ours, theirs] of Object.entries(NAMES)) if (ours in request) found[theirs] = request[ours];
  if (request.tools) found.tools = tools(cell, (tool) => ({ type: "function", function: tool }));
  if (request.tool_choice) found.toolChoice = request.tool_choice === "required" ? "any" : { type: "function", function: { name: request.tool_choice } };
  if (request.schema) {
    found.responseFormat = { type: "json_schema", jsonSchema: { name: cell.schema.name, schemaDefinition: cell.schema.schema, strict: true } };
  }
  if (request.json) found.responseFormat = { type: "json_object" };
  if (request.reasoning) found.reasoningEffort = "high";
  return found;
}

/** A whole answer from the events of a streamed one. */
async function gathered(events) {
  const choices = new Map();
  let usage = null;
  for await (const { data } of events) {
    usage = data.usage ?? usage;
    for (const { index, delta, finishReason } of data.choices) {
      const choice = choices.get(index) ?? { message: { content: [], toolCalls: [] }, finishReason: null };
      choices.set(index, choice);
      choice.message.content.push(...chunks(delta.content));
      for (const piece of delta.toolCalls ?? []) grow(choice.message.toolCalls, piece);
      choice.finishReason = finishReason ?? choice.finishReason;
    }
  }
  return told({ choices: [...choices.entries()].sort(([one], [other]) => one - other).map(([, choice]) => choice), usage });
}

/** Adds a piece of a call to those that began before it. */
function grow(calls, piece) {
  const known = calls.find((call) => call.index === piece.index && call.id === piece.id);
  if (known) known.function.arguments += piece.function.arguments;
  else calls.push({ ...piece, function: { ...piece.function } });
}

const chunks = (content) => (typeof content === "string" ? [{ type: "text", text: content }] : content ?? []);

function spoken(content) {
  const of = (type) => chunks(content).filter((chunk) => chunk.type === type);
  return { text: of("text").map((chunk) => chunk.text).join(""), thoughts: of("thinking").flatMap((chunk) => chunk.thinking).map((part) => part.text).join("") };
}

function told({ choices, usage }) {
  const { message, finishReason: finish } = choices[0];
  const { text, thoughts } = spoken(message.content);
  const calls = message.toolCalls ?? [];
  const said = {
    text, reasoning: thoughts, finish, choices: choices.map((choice) => spoken(choice.message.content).text),
    calls: calls.map(({ function: { name, arguments: said } }) => [name, typeof said === "string" ? JSON.parse(said) : said]),
    usage: { input: usage?.promptTokens, output: usage?.completionTokens },
  };
  const content = thoughts ? [{ type: "thinking", thinking: [{ type: "text", text: thoughts }] }, ...(text ? [{ type: "text", text }] : [])] : text;
  return [said, { role: "assistant", content, ...(calls.length ? { toolCalls: calls } : {}) }];
}

function reply(messages, asked, results) {
  messages.push(asked);
  asked.toolCalls.forEach(({ id, function: { name } }, place) => messages.push({ role: "tool", toolCallId: id, name, content: results[place].text }));
}
