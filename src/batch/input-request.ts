import { isUtf8 } from "node:buffer";
import { objectIn, parseJson, textIn, type JsonObject } from "../protocol/untrusted-json.ts";

const MAX_CUSTOM_ID = 512;

/** One request of an input file, as far as anybody but the model server looks into it. */
export interface InputRequest {
  readonly customId: string;
  readonly body: JsonObject;
  readonly model: string | null;
}

/** What is wrong with a line. */
export class LineFault {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;

  constructor(code: string, message: string, param: string | null = null) {
    this.code = code;
    this.message = message;
    this.param = param;
  }
}

/** Reads one line. What it says about the model and the prompt is the model server's business. */
export function inputRequest(line: Buffer, endpoint: string): InputRequest | LineFault {
  const request = isUtf8(line) ? objectIn(parseJson(line)) : undefined;
  if (request === undefined) return notAnObject(line);
  const { custom_id: customId, method, url, body: given } = request;
  for (const name of ["custom_id", "method", "url", "body"]) {
    if (request[name] === undefined || request[name] === null) {
      return new LineFault("missing_required_parameter", `Missing required parameter: '${name}'.`, name);
    }
  }
  if (typeof customId !== "string" || customId === "" || customId.length > MAX_CUSTOM_ID) {
    const message = `The custom_id must be a text of 1 to ${MAX_CUSTOM_ID} characters.`;
    return new LineFault("invalid_custom_id", message, "custom_id");
  }
  if (method !== "POST") return new LineFault("invalid_method", "The method must be POST.", "method");
  if (url !== endpoint) {
    return new LineFault(
      "url_mismatch",
      `The URL provided for this request must be ${endpoint}, as the batch's endpoint is.`,
      "url",
    );
  }
  const body = objectIn(given);
  if (body === undefined) return new LineFault("invalid_body", "The body must be a JSON object.", "body");
  return faultInBody(body) ?? { customId, body, model: textIn(body["model"]) ?? null };
}

function notAnObject(line: Buffer): LineFault {
  if (!isUtf8(line)) return new LineFault("invalid_json_line", "This line is not UTF-8, as JSON has to be.");
  const what = parseJson(line) === undefined ? "parseable as valid JSON" : "a JSON object";
  return new LineFault("invalid_json_line", `This line is not ${what}.`);
}

function faultInBody({ model, stream }: JsonObject): LineFault | undefined {
  if (model !== undefined && model !== null && typeof model !== "string") {
    return new LineFault("invalid_body", "The model must be a text.", "body.model");
  }
  if (stream === undefined || stream === null || stream === false) return undefined;
  return new LineFault(
    "stream_not_supported",
    "Streaming is not supported in a batch; leave stream out.",
    "body.stream",
  );
}

/** How many texts an embeddings request has: a list of token numbers is one. */
export function embeddingInputs({ input }: JsonObject): number {
  return Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1;
}
