/** The least that a proxy in Node can be: its own HTTP server and undici's `dispatch`, one chunk after another, nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool, type Dispatcher } from "undici";
import { listening, memoryNow, type ChildServer, type StartOptions } from "./child-server.ts";

/** About one connection, never about the message (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

export async function start({ upstreamPort }: StartOptions): Promise<ChildServer> {
  // The settings of the gateway's own pool.
  const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, {
    pipelining: 1,
    connect: { timeout: 10_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 4_000,
  });
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0, noDelay: true }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => forward(pool, request, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), response));
  });
  const port = await listening(server);
  return { port, answer: memoryNow };
}

function forward(pool: Pool, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  let controller: Dispatcher.DispatchController | undefined;
  response.on("close", () => {
    if (!response.writableFinished) controller?.abort(new Error("the client has left"));
  });
  pool.dispatch(
    { method: request.method!, path: request.url!, headers: kept(request.rawHeaders), body },
    {
      onRequestStart: (started) => {
        controller = started;
      },
      onResponseStart: ({ rawHeaders }, status, _headers, statusText) => {
        response.writeHead(
          status,
          statusText ?? "",
          kept((rawHeaders as Buffer[]).map((item) => item.toString("latin1"))),
        );
      },
      onResponseData: (upstream, chunk) => {
        if (response.write(chunk)) return;
        upstream.pause();
        response.once("drain", () => upstream.resume());
      },
      onResponseEnd: () => void response.end(),
      onResponseError: () => void response.destroy(),
    },
  );
}

function kept(raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (!HOP_BY_HOP.has(raw[index]!.toLowerCase())) headers.push(raw[index]!, raw[index + 1]!);
  }
  return headers;
}
