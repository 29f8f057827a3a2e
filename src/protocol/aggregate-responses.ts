import type { Collector } from "./collector.ts";
import { type JsonObject, objectIn } from "./untrusted-json.ts";

/** OpenAI's Responses: the last event holds the whole response. */
export class ResponsesCollector implements Collector {
  #response: JsonObject | undefined;

  take(value: JsonObject): void {
    if (value["type"] !== "response.completed" && value["type"] !== "response.incomplete") return;
    const response = objectIn(value["response"]);
    // Without the number that every event must have, it is llama-server.
    this.#response = response !== undefined && value["sequence_number"] === undefined ? spelledOut(response) : response;
  }

  answer(): unknown {
    return this.#response;
  }
}

/**
 * llama-server leaves out of its event what its answer has: when it was completed, which is when it was made, and a
 * status.
 */
function spelledOut(response: JsonObject): JsonObject {
  const { created_at: at, output } = response;
  return {
    ...(at === undefined ? {} : { completed_at: at }),
    ...response,
    ...(Array.isArray(output) ? { output: output.map(withStatus) } : {}),
  };
}

function withStatus(item: unknown): unknown {
  const fields = objectIn(item);
  return fields?.["type"] === "reasoning" ? { status: "completed", ...fields } : item;
}
