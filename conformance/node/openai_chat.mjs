// The openai package, chat completions.

import OpenAI from "openai";
import { tools } from "./lack.mjs";

export function sdk(url, key) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 30000 });
  return {
    start, reply,
    async ask(cell, messages, stream) {
      const options = { model: cell.model, messages, ...settings(cell) };
      if (!stream) return told(await client.chat.completions.create(options));
      // The package's own helper puts the chunks together.
      const chunks = client.chat.completions.stream({ ...options, stream_options: { include_usage: true } });
      let thoughts = "";
      for await (const chunk of chunks) thoughts += chunk.choices[0]?.delta?.reasoning_content ?? "";
      const [said, back] = told(await chunks.finalChatCompletion());
      if (thoughts) [said.reasoning, back.reasoning_content] = [thoughts, thoughts];
      return [said, back];
    },
    async embed(cell) {
      const { input, encoding } = cell.request;
      // Without a format the package asks for base64 and decodes it.
      const form = encoding === "float" ? { encoding_format: "float" } : {};
      const answer = await client.embeddings.create({ model: cell.model, input, ...form });
      return { vectors: answer.data.map((entry) => Array.from(entry.embedding)), usage: { input: answer.usage.prompt_tokens } };
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
  const { system, messages } = cell.request;
  const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${cell.image}` } };
  const file = { type: "file", file: { filename: "report.pdf", file_data: `data:application/pdf;base64,${cell.document}` } };
  const said = messages.map(({ role, text, image, document }) => ({
    role, content: image || document ? [{ type: "text", text }, image ? picture : file] : text,
  }));
  return system ? [{ role: "system", content: system }, ...said] : said;
}

function settings(cell) {
  const { request } = cell, options = {};
  for (const name of ["temperature", "top_p", "seed", "n", "stop"]) if (name in request) options[name] = request[name];
  if (request.max_tokens) options.max_completion_tokens = request.max_tokens;
  if (request.tools) options.tools = tools(cell, (tool) => ({ type: "function", function: tool }));
  if (request.tool_choice) {
    options.tool_choice = request.tool_choice === "required" ? "required" : { type: "function", function: { name: request.tool_choice } };
  }
  if (request.schema) options.response_format = { type: "json_schema", json_schema: { ...cell.schema, strict: true } };
  if (request.json) options.response_format = { type: "json_object" };
  if (request.reasoning) options.reasoning_effort = "high";
  if (request.logprobs) Object.assign(options, { logprobs: true, top_logprobs: request.logprobs });
  return options;
}

function told(answer) {
  const { message, finish_reason: finish, logprobs } = answer.choices[0];
  const calls = message.tool_calls ?? [];
  const said = {
    text: message.content ?? "", reasoning: message.reasoning_content ?? "", finish,
    calls: calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    choices: answer.choices.map((choice) => choice.message.content ?? ""),
    logprobs: (logprobs?.content?.[0]?.top_logprobs ?? []).map((top) => [top.token, top.logprob]),
    usage: {
      input: answer.usage?.prompt_tokens, output: answer.usage?.completion_tokens, cached: answer.usage?.prompt_tokens_details?.cached_tokens,
    },
  };
  // As with `messages.push(message)`: whatever the message holds goes back, known or not, but for what the package's helper adds.
  const { parsed, ...back } = message;
  if (calls.length) back.tool_calls = calls.map(({ function: { parsed_arguments, ...called }, ...call }) => ({ ...call, function: called }));
  return [said, back];
}

function reply(messages, asked, results) {
  messages.push(asked);
  asked.tool_calls.forEach((call, place) => messages.push({ role: "tool", tool_call_id: call.id, content: results[place].text }));
}
