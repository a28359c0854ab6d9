// The openai package, responses.

import OpenAI from "openai";
import { lacks, tools } from "./lack.mjs";

export function sdk(url, key) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 30000 });
  return {
    start, reply,
    async ask(cell, input, stream) {
      const options = { model: cell.model, input, ...settings(cell) };
      if (!stream) return told(await client.responses.create(options));
      // The package's own helper puts the events together.
      return told(await client.responses.stream(options).finalResponse());
    },
  };
}

function start(cell) {
  const picture = { type: "input_image", image_url: `data:image/png;base64,${cell.image}`, detail: "auto" };
  const file = { type: "input_file", filename: "report.pdf", file_data: `data:application/pdf;base64,${cell.document}` };
  return cell.request.messages.map(({ role, text, image, document }) => ({
    role, content: image || document ? [{ type: "input_text", text }, image ? picture : file] : text,
  }));
}

function settings(cell) {
  const { request } = cell;
  lacks(request, ["seed", "n", "stop"]);
  const options = { store: false, include: ["reasoning.encrypted_content"] };
  for (const name of ["temperature", "top_p"]) if (name in request) options[name] = request[name];
  if (request.system) options.instructions = request.system;
  if (request.max_tokens) options.max_output_tokens = request.max_tokens;
  if (request.tools) options.tools = tools(cell, (tool) => ({ type: "function", strict: false, ...tool }));
  if (request.tool_choice) options.tool_choice = request.tool_choice === "required" ? "required" : { type: "function", name: request.tool_choice };
  if (request.schema) options.text = { format: { type: "json_schema", strict: true, ...cell.schema } };
  if (request.json) options.text = { format: { type: "json_object" } };
  if (request.reasoning) options.reasoning = { effort: "high", summary: "auto" };
  if (request.logprobs) {
    options.include.push("message.output_text.logprobs");
    options.top_logprobs = request.logprobs;
  }
  return options;
}

function told(answer) {
  const of = (type) => answer.output.filter((item) => item.type === type);
  const parts = of("message").flatMap((item) => item.content);
  const reason = answer.incomplete_details?.reason;
  const said = {
    text: parts.map((part) => part.text).join(""), reasoning: of("reasoning").flatMap((item) => item.summary.map((part) => part.text)).join(""),
    calls: of("function_call").map((item) => [item.name, JSON.parse(item.arguments)]), finish: answer.status + (reason ? `:${reason}` : ""),
    logprobs: (parts[0]?.logprobs?.[0]?.top_logprobs ?? []).map((top) => [top.token, top.logprob]),
    usage: {
      input: answer.usage?.input_tokens, output: answer.usage?.output_tokens, cached: answer.usage?.input_tokens_details?.cached_tokens,
    },
  };
  return [said, answer.output];
}

function reply(input, asked, results) {
  // The package's stream helper adds members of its own to the items.
  input.push(...asked.map(({ parsed_arguments, ...item }) => ({
    ...item, ...(item.content ? { content: item.content.map(({ parsed, ...part }) => part) } : {}),
  })));
  const calls = asked.filter((item) => item.type === "function_call");
  calls.forEach((call, place) => input.push({ type: "function_call_output", call_id: call.call_id, output: results[place].text }));
}
