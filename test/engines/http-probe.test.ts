import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { HttpProbe } from "../../src/engines/http-probe.ts";
import { localServer, type IncomingMessage } from "../support/local-server.ts";

/** A server that sends these bytes to whoever connects, and closes, or keeps the connection open. */
async function rawServer(bytes: string, then: "close" | "stay"): Promise<AsyncDisposable & { readonly url: URL }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => (then === "close" ? socket.end(bytes) : socket.write(bytes)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const probe = (url: string | URL, key?: string): HttpProbe => new HttpProbe(new URL(url), key);

describe("HttpProbe", () => {
  it("tells status, headers in lower case, text and JSON", async () => {
    await using server = await localServer((_request, response) => {
      response.writeHead(418, ["Server", "a", "X-Some", "1", "server", "b"]).end('{"größe":1}');
    });
    const answer = await probe(server.url).get("/x");
    assert.equal(answer?.status, 418);
    assert.equal(answer.headers["server"], "a, b");
    assert.equal(answer.headers["x-some"], "1");
    assert.deepEqual([answer.text, answer.json], ['{"größe":1}', { größe: 1 }]);
  });

  it("has no JSON for what is none", async () => {
    await using server = await localServer((_request, response) => response.end("Ollama is running"));
    const answer = await probe(server.url).get("/");
    assert.deepEqual([answer?.text, answer?.json], ["Ollama is running", undefined]);
  });

  it("asks below the base address, with the key", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await localServer((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      response.end();
    });
    await probe(`${server.url}/some/base/`, "secret").get("/v1/models");
    await probe(server.url).get("/v1/models");
    assert.deepEqual(seen, ["GET", "/some/base/v1/models", "Bearer secret", "GET", "/v1/models", undefined]);
  });

  it("follows no redirect", async () => {
    await using elsewhere = await localServer((_request, response) => response.end("elsewhere"));
    await using server = await localServer((_request, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    assert.equal((await probe(server.url, "secret").get("/"))?.status, 307);
  });

  it("keeps no connection", async () => {
    const requests: IncomingMessage[] = [];
    const closed: Promise<unknown>[] = [];
    await using server = await localServer((request, response) => {
      requests.push(request);
      closed.push(once(request.socket, "close"));
      response.setHeader("connection", "keep-alive").end("x");
    });
    const asking = probe(server.url);
    await asking.get("/1");
    await asking.get("/2");
    await Promise.all(closed);
    assert.notEqual(requests[0]?.socket, requests[1]?.socket);
  });

  it("has nothing to tell of a closed port", async () => {
    const server = await localServer(() => {});
    await server[Symbol.asyncDispose]();
    assert.equal(await probe(server.url).get("/"), undefined);
  });

  it("takes an answer that ends with its connection", async () => {
    const head = "HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.12.4\r\n\r\n";
    await using server = await rawServer(`${head}{"status": "ok"}`, "close");
    const answer = await probe(server.url).get("/health");
    assert.deepEqual([answer?.headers["server"], answer?.json], ["BaseHTTP/0.6 Python/3.12.4", { status: "ok" }]);
  });

  it("has nothing to tell of garbage, of a broken answer, or of a hang-up", async () => {
    for (const bytes of ["garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", ""]) {
      await using server = await rawServer(bytes, "close");
      assert.equal(await probe(server.url).get("/"), undefined, JSON.stringify(bytes));
    }
  });

  it("has nothing to tell of a server that is silent, before its answer or within", async () => {
    for (const bytes of ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow"]) {
      await using server = await rawServer(bytes, "stay");
      assert.equal(await new HttpProbe(server.url, undefined, 20).get("/"), undefined, JSON.stringify(bytes));
    }
  });

  it("reads no more than a megabyte of an answer without end", async () => {
    const piece = "x".repeat(64 * 1024);
    await using server = await localServer((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    });
    const answer = await probe(server.url).get("/");
    assert.deepEqual([answer?.text.length, answer?.json], [1024 * 1024, undefined]);
  });
});
