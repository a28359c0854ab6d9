// The @anthropic-ai/sdk package.

import Anthropic from "@anthropic-ai/sdk";
import { lacks, tools } from "./lack.mjs";

export function sdk(url, key) {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0, timeout: 30000 });
  return {
    start, reply,
    async ask(cell, messages, stream) {
      const options = { messages, max_tokens: cell.request.max_tokens ?? 1000, ...settings(cell) };
      if (!stream) return told(await client.messages.create(options));
      return told(await client.messages.stream(options).finalMessage());
    },
    async count(cell) {
      return { tokens: (await client.messages.countTokens({ messages: start(cell), ...settings(cell) })).input_tokens };
    },
    async model(cell) {
      return { model: (await client.models.retrieve(cell.model)).id };
    },
    async models() {
      const models = [];
      for await (const model of client.models.list()) models.push(model.id);
      return { models };
    },
  };
}

function start(cell) {
  const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: cell.image } };
  const file = { type: "document", source: { type: "base64", media_type: "application/pdf", data: cell.document } };
  return cell.request.messages.map(({ role, text, image, document }) => ({
    role, content: image || document ? [image ? picture : file, { type: "text", text }] : text,
  }));
}

function settings(cell) {
  const { request } = cell;
  lacks(request, ["seed", "n", "logprobs", "json"]);
  const options = { model: cell.model };
  for (const name of ["temperature", "top_p", "system"]) if (name in request) options[name] = request[name];
  if (request.stop) options.stop_sequences = request.stop;
  if (request.tools) options.tools = tools(cell, ({ parameters, ...tool }) => ({ ...tool, input_schema: parameters }));
  if (request.tool_choice) options.tool_choice = request.tool_choice === "required" ? { type: "any" } : { type: "tool", name: request.tool_choice };
  if (request.schema) options.output_config = { format: { type: "json_schema", schema: cell.schema.schema } };
  if (request.reasoning) Object.assign(options, { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "high" } });
  return options;
}

function told(answer) {
  const of = (type) => answer.content.filter((block) => block.type === type);
  const { input_tokens: input, output_tokens: output, cache_read_input_tokens: read, cache_creation_input_tokens: written } = answer.usage;
  const said = {
    text: of("text").map((block) => block.text).join(""), reasoning: of("thinking").map((block) => block.thinking).join(""),
    calls: of("tool_use").map((block) => [block.name, block.input]), finish: answer.stop_reason,
    usage: { input: input + (read ?? 0) + (written ?? 0), cached: read ?? 0, output },
  };
  return [said, answer.content];
}

function reply(messages, asked, results) {
  messages.push({ role: "assistant", content: asked });
  const calls = asked.filter((block) => block.type === "tool_use");
  messages.push({
    role: "user", content: calls.map((call, place) => ({
      type: "tool_result", tool_use_id: call.id, content: results[place].text, ...(results[place].error ? { is_error: true } : {}),
    })),
  });
}
