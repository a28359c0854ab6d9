// The @google/genai package.

import { GoogleGenAI } from "@google/genai";
import { cannot, tools } from "./lack.mjs";

export function sdk(url, key) {
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url, timeout: 30000 } });
  return {
    start, reply,
    async ask(cell, contents, stream) {
      const options = { model: cell.model, contents, config: config(cell) };
      if (!stream) return told([await client.models.generateContent(options)]);
      const answers = [];
      for await (const answer of await client.models.generateContentStream(options)) answers.push(answer);
      return told(answers);
    },
    async embed(cell) {
      if (cell.request.encoding === "base64") cannot("the API knows numbers only");
      const answer = await client.models.embedContent({ model: cell.model, contents: cell.request.input });
      return { vectors: answer.embeddings.map((entry) => entry.values) };
    },
    async count(cell) {
      return { tokens: (await client.models.countTokens({ model: cell.model, contents: start(cell) })).totalTokens };
    },
    async model(cell) {
      return { model: (await client.models.get({ model: cell.model })).name.replace(/^models\//, "") };
    },
    async models() {
      const models = [];
      for await (const model of await client.models.list()) models.push(model.name.replace(/^models\//, ""));
      return { models };
    },
  };
}

function start(cell) {
  const picture = { inlineData: { mimeType: "image/png", data: cell.image } };
  const file = { inlineData: { mimeType: "application/pdf", data: cell.document } };
  return cell.request.messages.map(({ role, text, image, document }) => ({
    role: role === "assistant" ? "model" : "user", parts: [{ text }, ...(image || document ? [image ? picture : file] : [])],
  }));
}

const NAMES = { temperature: "temperature", top_p: "topP", seed: "seed", max_tokens: "maxOutputTokens", stop: "stopSequences", n: "candidateCount", system: "systemInstruction" };

function config(cell) {
  const { request } = cell, found = {};
  for (const [ours, theirs] of Object.entries(NAMES)) if (ours in request) found[theirs] = request[ours];
  if (request.tools) {
    found.tools = [{ functionDeclarations: tools(cell, ({ parameters, ...tool }) => ({ ...tool, parametersJsonSchema: parameters })) }];
  }
  if (request.tool_choice) {
    const names = request.tool_choice === "required" ? {} : { allowedFunctionNames: [request.tool_choice] };
    found.toolConfig = { functionCallingConfig: { mode: "ANY", ...names } };
  }
  if (request.schema || request.json) found.responseMimeType = "application/json";
  if (request.schema) found.responseJsonSchema = cell.schema.schema;
  if (request.reasoning) found.thinkingConfig = { includeThoughts: true, thinkingLevel: "HIGH" };
  if (request.logprobs) Object.assign(found, { responseLogprobs: true, logprobs: request.logprobs });
  return found;
}

function told(answers) {
  const texts = new Map(), parts = [], calls = [];
  let reasoning = "", finish = null, logprobs = [], usage = {};
  for (const answer of answers) {
    const counts = answer.usageMetadata;
    if (counts) {
      usage = {
        input: counts.promptTokenCount, cached: counts.cachedContentTokenCount ?? 0,
        output: (counts.candidatesTokenCount ?? 0) + (counts.thoughtsTokenCount ?? 0),
      };
    }
    for (const candidate of answer.candidates ?? []) {
      const place = candidate.index ?? 0;
      for (const part of candidate.content?.parts ?? []) {
        if (place === 0) parts.push(part);
        if (part.functionCall) calls.push([part.functionCall.name, part.functionCall.args ?? {}]);
        else if (part.thought) reasoning += part.text ?? "";
        else texts.set(place, (texts.get(place) ?? "") + (part.text ?? ""));
      }
      if (place === 0) finish = candidate.finishReason ?? finish;
      const top = candidate.logprobsResult?.topCandidates?.[0]?.candidates;
      if (top) logprobs = top.map((one) => [one.token, one.logProbability]);
    }
  }
  const choices = [...texts.entries()].sort(([one], [other]) => one - other).map(([, text]) => text);
  return [{ text: texts.get(0) ?? "", reasoning, calls, finish, choices, logprobs, usage }, parts];
}

function reply(contents, asked, results) {
  contents.push({ role: "model", parts: asked });
  const calls = asked.flatMap((part) => part.functionCall ?? []);
  contents.push({
    role: "user", parts: calls.map(({ id, name }, place) => ({
      functionResponse: { ...(id ? { id } : {}), name, response: { [results[place].error ? "error" : "output"]: results[place].text } },
    })),
  });
}
