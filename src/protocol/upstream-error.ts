import { isFilled, type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

/** An error that a model server reported inside an answer whose status was good. */
export interface UpstreamError {
  /** In the server's own words. */
  readonly message: string;
  readonly type?: string;
  readonly code?: string | number;
}

const UNTOLD = "the model server reported an error and did not say which";

/**
 * The error that one JSON object of an answer is, if it is one. `event` is the name of the event it came in.
 *
 * Forms: `{"error":{…}}` of OpenAI and llama-server, `{"error":"…"}` of Ollama and mlx, `{"type":"error","error":{…}}`
 * of Anthropic, `{"type":"error","message"}` and a failed `response` of Responses, llama-server's bare error in an
 * `event: error`, `{"object":"error","message"}` of older vLLM, `{"detail":…}` of FastAPI and vllm-mlx.
 */
export function readError(value: JsonObject, event?: string): UpstreamError | undefined {
  if (isFilled(value["error"])) return describe(value["error"]);
  if (event === "error" || value["type"] === "error" || value["object"] === "error") return describe(value);
  return failedResponse(value) ?? bareDetail(value);
}

function failedResponse(value: JsonObject): UpstreamError | undefined {
  const response = value["object"] === "response" ? value : objectIn(value["response"]);
  const status = response?.["status"];
  if (status !== "failed" && status !== "cancelled") return undefined;
  return describe(response?.["error"] ?? `the response was ${status}`);
}

/** Only where it stands alone: an answer may have a member of that name beside others. */
function bareDetail(value: JsonObject): UpstreamError | undefined {
  const { detail } = value;
  return isFilled(detail) && Object.keys(value).length === 1 ? describe(detail) : undefined;
}

function describe(error: unknown): UpstreamError {
  // FastAPI lists everything that is wrong with a request.
  const fields = objectIn(error) ?? objectsIn(error)[0] ?? {};
  const texts = [error, fields["message"], fields["msg"], fields["detail"], fields["error"]].map(textIn);
  const type = textIn(fields["type"]);
  const { code } = fields;
  return {
    message: texts.find((text) => text !== undefined) ?? UNTOLD,
    ...(type === undefined || type === "error" ? {} : { type }),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
  };
}
