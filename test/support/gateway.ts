import assert from "node:assert/strict";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { pino, type Logger } from "pino";
import type { Clock, Gate } from "../../src/gate/index.ts";
import type { BatchStore } from "../../src/gateway/batches/batch-host.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { configSchema } from "../../src/gateway/config/schema.ts";
import type { UpstreamConfig } from "../../src/gateway/config/types.ts";
import type { Outcome, RequestRecord } from "../../src/gateway/request-record.ts";
import { startModelServer, type ModelServer, type ModelServerOptions } from "../../src/testing/index.ts";

export type Json = Record<string, unknown>;

export interface GatewayOptions {
  /** The simulated server behind it; `null` for none. Everything takes no time unless it says otherwise. */
  readonly server?: ModelServerOptions | null;
  /** Members of its configuration, as people write them in the file. */
  readonly config?: Json;
  readonly upstream?: Partial<UpstreamConfig>;
  /** The gateway's clock; the server keeps the system's. */
  readonly clock?: Clock;
  readonly log?: Logger;
  /** The wall clock, for the deadlines of batches. */
  readonly wallNow?: () => number;
  readonly batchStore?: BatchStore;
}

const AT_ONCE = { prefillMsPerToken: 0, decodeMsPerToken: 0, loadMs: 0 };
/** Far more than the last bytes of a test take to be noticed, also on a busy machine. */
const QUICK_TURNS = 50;
const SLOW_TURNS = 500;
const SLOW_TURN_MS = 10;

/**
 * A gateway on a free port with one simulated server behind it, for one test. When the test is over it must have come to rest:
 * no permit held, nobody waiting, no body kept, no request open, and the server never had more to do than it has slots.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<GatewayUnderTest> {
  const server =
    options.server === null ? undefined : await startModelServer({ strict: true, timing: AT_ONCE, ...options.server });
  const gateway = new Gateway({
    config: configSchema.parse({ listen: [{ port: 0 }], ...options.config }),
    log: options.log ?? pino({ level: "silent" }),
    ...(options.clock !== undefined && { clock: options.clock }),
    ...(options.wallNow !== undefined && { wallNow: options.wallNow }),
    ...(options.batchStore !== undefined && { batchStore: options.batchStore }),
  });
  try {
    if (server !== undefined)
      await gateway.addUpstream({ url: server.url, models: { alias: {} }, ...options.upstream });
    const [address] = await gateway.listen();
    return new GatewayUnderTest(gateway, server, address!.port);
  } catch (error) {
    await gateway.close();
    await server?.close();
    throw error;
  }
}

export class GatewayUnderTest implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly port: number;
  /** Without a slash at the end. */
  readonly url: string;
  /** Every request that has ended, oldest first. */
  readonly ended: RequestRecord[] = [];
  readonly #server: ModelServer | undefined;
  readonly #watchers = new Set<() => void>();
  #following = false;
  /** Set for tests that end on purpose with requests cut off. */
  endsAbruptly = false;

  constructor(gateway: Gateway, server: ModelServer | undefined, port: number) {
    this.gateway = gateway;
    this.#server = server;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    gateway.requests.follow({
      opened: () => this.#look(),
      changed: () => this.#look(),
      closed: (record) => {
        this.ended.push(record);
        this.#look();
      },
    });
    this.#follow();
  }

  get server(): ModelServer {
    assert.ok(this.#server, "this gateway was started without a server");
    return this.#server;
  }

  /** The gate of the servers on loopback: there is one as soon as there is such a server. */
  get gate(): Gate {
    return this.gateway.gates.get("local")?.gate as Gate;
  }

  /** How the requests ended, in that order. */
  get outcomes(): readonly (Outcome | undefined)[] {
    return this.ended.map(({ outcome }) => outcome);
  }

  /** Resolves once `condition` holds; it is looked at whenever a request or the gate changes. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    this.#follow();
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition()) resolve();
    };
    this.#watchers.add(look);
    await promise;
    this.#watchers.delete(look);
  }

  /** Resolves once so many wait at the gate. */
  waiting(count: number): Promise<void> {
    return this.until(() => this.gate.waiting === count);
  }

  /** Resolves once so many requests have ended. */
  over(count: number): Promise<void> {
    return this.until(() => this.ended.length >= count);
  }

  post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: "POST",
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...init,
      headers: { "content-type": "application/json", ...(init.headers as Record<string, string> | undefined) },
    });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.endsAbruptly) await this.#rest();
    } finally {
      await this.gateway.close();
      await this.#server?.close();
    }
  }

  /** Waits until nothing is left of any request, and fails with what there still is. */
  async #rest(): Promise<void> {
    for (let turn = 0; turn < QUICK_TURNS + SLOW_TURNS && !isIdle(this.#left()); turn++) {
      await (turn < QUICK_TURNS ? nextTurn() : pause(SLOW_TURN_MS));
    }
    assert.deepEqual(this.#left(), IDLE);
    assert.deepEqual(this.#server?.overCapacity ?? [], []);
  }

  #left(): typeof IDLE {
    const { gates, bodies, requests } = this.gateway;
    return {
      held: gates.all.reduce((sum, { gate }) => sum + gate.held, 0),
      waiting: gates.all.reduce((sum, { gate }) => sum + gate.waiting, 0),
      bodyBytes: bodies.usedBytes,
      open: requests.live.size,
    };
  }

  /** The gate exists from the first server on. */
  #follow(): void {
    if (this.#following || this.gate === undefined) return;
    this.#following = true;
    this.gate.on("*", () => this.#look());
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

const IDLE = { held: 0, waiting: 0, bodyBytes: 0, open: 0 };

function isIdle(left: typeof IDLE): boolean {
  return Object.values(left).every((count) => count === 0);
}
