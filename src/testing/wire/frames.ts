export const SSE = "text/event-stream";
export const NDJSON = "application/x-ndjson";

export const DONE = "data: [DONE]\n\n";

/** A server-sent event without a name. */
export function dataFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A server-sent event whose name is the type of its data. */
export function typedFrame(data: { readonly type: string; readonly [member: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A line of NDJSON. */
export function line(data: unknown): string {
  return `${JSON.stringify(data)}\n`;
}
