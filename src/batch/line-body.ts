import { readField, topLevelFields } from "../protocol/json-fields.ts";
import { textIn } from "../protocol/untrusted-json.ts";

/** What of a line goes to the model server, byte for byte as it stands in the file. */
export interface LineBody {
  readonly body: Uint8Array;
  /** "" where it names none. */
  readonly model: string;
}

/** @throws when the line is not the one that was checked: the file was damaged since. */
export function lineBody(line: Uint8Array): LineBody {
  const span = topLevelFields(line).get("body");
  if (span === undefined) throw new Error("the line has no body");
  const body = line.subarray(span.start, span.end);
  return { body, model: textIn(readField(body, topLevelFields(body), "model")) ?? "" };
}
