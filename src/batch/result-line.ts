import type { LineResult } from "../store/line-record.ts";
import { lineId } from "./ids.ts";

/** A line of an output or error file. The answer's body stands in it as the model server wrote it. */
export function resultLine(batchId: string, { n, customId, outcome }: LineResult): string {
  const begin = `{"id":${JSON.stringify(lineId(batchId, n))},"custom_id":${JSON.stringify(customId)}`;
  if (outcome.kind === "unanswered") {
    const error = { code: outcome.code, message: outcome.message };
    return `${begin},"response":null,"error":${JSON.stringify(error)}}\n`;
  }
  const { statusCode, requestId, body } = outcome;
  const response = `{"status_code":${statusCode},"request_id":${JSON.stringify(requestId)},"body":${body}}`;
  return `${begin},"response":${response},"error":null}\n`;
}
