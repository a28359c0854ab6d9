// The ai package with @ai-sdk/openai-compatible.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany } from "ai";
import { chats } from "./ai.mjs";
import { cannot } from "./lack.mjs";

export function sdk(url, key) {
  const provider = createOpenAICompatible({ name: "scripted", baseURL: `${url}/v1`, apiKey: key, includeUsage: true, supportsStructuredOutputs: true });
  const options = (cell) => (cell.request.reasoning ? { scripted: { reasoningEffort: "high" } } : {});
  return {
    ...chats((name) => provider(name), options, ["n", "logprobs"]),
    async embed(cell) {
      if (cell.request.encoding === "base64") cannot("the package reads numbers only");
      const answer = await embedMany({ model: provider.embeddingModel(cell.model), values: cell.request.input, maxRetries: 0 });
      return { vectors: answer.embeddings, usage: { input: answer.usage.tokens } };
    },
  };
}
