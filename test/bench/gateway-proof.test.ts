import assert from "node:assert/strict";
import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";

import type { Contender, Running } from "../../bench/gateway/contender.ts";
import { contenders } from "../../bench/gateway/contenders.ts";
import { withField, type Entrant } from "../../bench/gateway/field.ts";
import { DisprovedError, proveOrder, provePassing } from "../../bench/gateway/proof.ts";
import { listening } from "../../bench/gateway/servers/child-server.ts";

function proven(contender: Contender, prove: (entrant: Entrant) => Promise<void>): Promise<void> {
  return withField([contender], 1, ([entrant]) => prove(entrant!));
}

describe("a contender of the gateway's benchmark", () => {
  for (const contender of contenders) {
    const skip = contender.missing() ?? false;
    it(`${contender.id} does what it is measured for`, { skip }, () =>
      proven(contender, async (entrant) => {
        await provePassing(entrant);
        await proveOrder(entrant);
      }),
    );
  }
});

/** A contender in this process, around the port it gets. */
function planted(priorities: boolean, start: (upstreamPort: number) => Promise<Running>): Contender {
  return {
    id: "planted",
    role: "peer",
    priorities,
    missing: () => undefined,
    start: ({ upstreamPort }) => start(upstreamPort),
  };
}

type Bytes = (bytes: Buffer) => Buffer;

/** Passes bytes on through these two. */
async function pipe(upstreamPort: number, there: Bytes, back: Bytes): Promise<Running> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.on("data", (bytes) => upstream.write(there(bytes)));
    upstream.on("data", (bytes) => client.write(back(bytes)));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => {
      server.close(() => resolve());
    });
  };
  return { port: await listening(server), pid: undefined, close };
}

const asTheyCome: Bytes = (bytes) => bytes;

function changing(from: string, to: string): Bytes {
  return (bytes) => Buffer.from(bytes.toString("latin1").replaceAll(from, to), "latin1");
}

/** Holds frames until the last has come. */
function collecting(): Bytes {
  let kept: Buffer[] = [];
  return (bytes) => {
    kept.push(bytes);
    const all = Buffer.concat(kept);
    if (all.includes("event-stream") && !all.includes("[DONE]")) return Buffer.alloc(0);
    kept = [];
    return all;
  };
}

/** One request at a time, in the order they came, whatever they say. */
async function queueing(upstreamPort: number): Promise<Running> {
  let last = Promise.resolve();
  const server = createHttpServer((request, response) => {
    last = last.then(() => answerWith(response, forwarded(request, upstreamPort)));
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: await listening(server), pid: undefined, close };
}

async function answerWith(response: ServerResponse, upstream: Promise<IncomingMessage>): Promise<void> {
  const answer = await upstream;
  response.writeHead(answer.statusCode!, answer.rawHeaders);
  for await (const chunk of answer) response.write(chunk);
  response.end();
}

function forwarded(request: IncomingMessage, port: number): Promise<IncomingMessage> {
  const { headers, method, url: path } = request;
  return new Promise((resolve, reject) => {
    const onward = httpRequest({ port, method, path, headers, agent: false }, resolve);
    onward.on("error", reject);
    request.pipe(onward);
  });
}

function disproof(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DisprovedError, String(error));
    assert.match(error.message, words);
    return true;
  };
}

describe("the proof of the gateway's contenders", () => {
  it("catches a changed byte of a request", async () => {
    const contender = planted(false, (port) => pipe(port, changing("1e400", "1e401"), asTheyCome));
    await assert.rejects(proven(contender, provePassing), disproof(/changed the bytes/));
  });

  it("catches a changed byte of an answer", async () => {
    const contender = planted(false, (port) => pipe(port, asTheyCome, changing("chatcmpl-0", "chatcmpl-1")));
    await assert.rejects(proven(contender, provePassing), disproof(/changed the bytes/));
  });

  it("catches a frame that is held back", async () => {
    const contender = planted(false, (port) => pipe(port, asTheyCome, collecting()));
    const impatiently = (entrant: Entrant): Promise<void> => provePassing(entrant, 500);
    await assert.rejects(proven(contender, impatiently), disproof(/holds frame 1 of a stream back/));
  });

  it("catches a lost frame", async () => {
    // A frame of the same length that carries no token.
    const contender = planted(false, (port) =>
      pipe(port, asTheyCome, changing('"content":"00000000000000000005', '"cut____":"00000000000000000005')),
    );
    const impatiently = (entrant: Entrant): Promise<void> => provePassing(entrant, 500);
    await assert.rejects(proven(contender, impatiently), disproof(/holds frame 5 of a stream back/));
  });

  it("catches a gate that lets everybody through", async () => {
    const contender = planted(true, (port) => pipe(port, asTheyCome, asTheyCome));
    await assert.rejects(proven(contender, proveOrder), disproof(/more requests through than the server has slots/));
  });

  it("catches a line that knows no priorities", async () => {
    const contender = planted(true, queueing);
    await assert.rejects(proven(contender, proveOrder), disproof(/served holder b0 b1 f0 b2 f1 instead/));
  });
});
