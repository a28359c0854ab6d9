// The ai package with @ai-sdk/anthropic.

import { createAnthropic } from "@ai-sdk/anthropic";
import { chats } from "./ai.mjs";

export function sdk(url, key) {
  const provider = createAnthropic({ baseURL: `${url}/v1`, apiKey: key });
  const options = (cell) => ({
    // Of models that it doesn't know the package thinks that they can't hold to a schema.
    anthropic: { structuredOutputMode: "outputFormat", ...(cell.request.reasoning ? { thinking: { type: "adaptive" }, effort: "high" } : {}) },
  });
  return chats((name) => provider(name), options, ["n", "logprobs", "seed", "json"]);
}
