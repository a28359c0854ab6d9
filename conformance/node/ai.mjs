// The ai package, whichever provider package it calls through.

import { Output, generateText, jsonSchema, streamText, tool } from "ai";
import { lacks } from "./lack.mjs";

/** `options(cell)` gives what only the provider package knows. */
export function chats(model, options, lacking) {
  return {
    start, reply,
    async ask(cell, messages, stream) {
      lacks(cell.request, lacking);
      const asked = { model: model(cell.model), messages, maxRetries: 0, ...settings(cell), providerOptions: options(cell) };
      if (!stream) return told(await generateText(asked));
      let failure = null;
      const streamed = streamText({ ...asked, onError: ({ error }) => (failure ??= error) });
      await streamed.consumeStream({ onError: (error) => (failure ??= error) });
      if (failure) throw failure;
      const members = ["text", "reasoningText", "toolCalls", "rawFinishReason", "usage", "response"];
      const values = await Promise.all(members.map((name) => streamed[name]));
      return told(Object.fromEntries(members.map((name, place) => [name, values[place]])));
    },
  };
}

function start(cell) {
  const { system, messages } = cell.request;
  const picture = { type: "image", image: cell.image, mediaType: "image/png" };
  const file = { type: "file", data: cell.document, mediaType: "application/pdf", filename: "report.pdf" };
  const said = messages.map(({ role, text, image, document }) => ({
    role, content: image || document ? [{ type: "text", text }, image ? picture : file] : text,
  }));
  return system ? [{ role: "system", content: system }, ...said] : said;
}

const NAMES = { temperature: "temperature", top_p: "topP", seed: "seed", max_tokens: "maxOutputTokens", stop: "stopSequences" };

function settings(cell) {
  const { request } = cell, found = {};
  for (const [ours, theirs] of Object.entries(NAMES)) if (ours in request) found[theirs] = request[ours];
  if (request.tools) {
    const made = ({ description, parameters }) => tool({ description, inputSchema: jsonSchema(parameters) });
    found.tools = Object.fromEntries(request.tools.map((name) => [name, made(cell.tools[name])]));
  }
  if (request.tool_choice) found.toolChoice = request.tool_choice === "required" ? "required" : { type: "tool", toolName: request.tool_choice };
  if (request.schema) found.output = Output.object({ schema: jsonSchema(cell.schema.schema), name: cell.schema.name });
  if (request.json) found.output = Output.json();
  return found;
}

function told(answer) {
  const { inputTokens: input, outputTokens: output, inputTokenDetails: details } = answer.usage;
  const said = {
    text: answer.text, reasoning: answer.reasoningText ?? "", finish: answer.rawFinishReason,
    calls: answer.toolCalls.map((call) => [call.toolName, call.input]), usage: { input, output, cached: details.cacheReadTokens ?? 0 },
  };
  return [said, { messages: answer.response.messages, calls: answer.toolCalls }];
}

function reply(messages, asked, results) {
  messages.push(...asked.messages);
  messages.push({
    role: "tool", content: asked.calls.map(({ toolCallId, toolName }, place) => ({
      type: "tool-result", toolCallId, toolName, output: { type: results[place].error ? "error-text" : "text", value: results[place].text },
    })),
  });
}
