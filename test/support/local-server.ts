import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type { IncomingMessage, ServerResponse };

/** An HTTP server on a free loopback port, for one test: `await using server = await localServer(...)`. */
export interface LocalServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

/** A promise it returns is not waited for. */
type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

export async function localServer(handler: Handler): Promise<LocalServer> {
  const server = createServer((request, response) => void handler(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
