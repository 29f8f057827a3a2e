import assert from "node:assert/strict";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { withPriority } from "../../src/client/ambient-priority.ts";
import { GatewayError } from "../../src/client/gateway-error.ts";
import { connectGate } from "../../src/client/remote-gate.ts";
import { isGateError } from "../../src/gate/index.ts";
import { startGateway } from "../support/gateway.ts";
import { localServer } from "../support/local-server.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Resolves with the reason once the signal aborts. */
async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason as unknown;
}

const gone = (code: string) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error));
  assert.equal(error.code, code);
  return true;
};

const refused = (code: string, stage: string) => (error: unknown) => {
  assert.ok(isGateError(error), String(error));
  assert.deepEqual([error.code, error.stage], [code, stage]);
  return true;
};

/** A way to a port on which every connection can be broken at once. */
async function breakableLine(port: number): Promise<{ readonly url: string; break(): void } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((outer) => {
    const inner = connect(port, "127.0.0.1");
    outer.pipe(inner).pipe(outer);
    for (const socket of [outer, inner]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        outer.destroy();
        inner.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    break() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n";

/** A server that accepts connections and leaves everything else to the test. */
async function silentServer(): Promise<{ readonly url: string; connection(): Promise<Socket> } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connection: async () => ((await once(server, "connection")) as [Socket])[0],
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("a remote gate", () => {
  test("gives permits in order of priority, with what a permit of this process has", async () => {
    await using gateway = await startGateway();
    const gate = connectGate(gateway.url);
    const first = await gate.acquire({ priority: 0, label: "first" });
    assert.match(first.id, /^permit_/);
    assert.deepEqual([first.priority, first.label, first.waitedMs, first.released], [0, "first", 0, false]);
    assert.equal(first.baseURL, `${gateway.url}/permit/${first.id}`);
    assert.equal(gateway.gate.snapshot().holders[0]?.label, "first");

    const granted: string[] = [];
    const positions: number[] = [];
    const waiting = (name: string, priority: number): Promise<void> =>
      gate.run(() => void granted.push(name), { priority, onEnqueue: (_id, position) => positions.push(position) });
    const runs = [waiting("pipeline", 100)];
    await gateway.waiting(1);
    runs.push(waiting("agent", 50));
    await gateway.waiting(2);
    assert.equal(first.release(), true);
    assert.equal(first.release(), false);
    assert.equal(first.released, true);
    await Promise.all(runs);
    assert.deepEqual(granted, ["agent", "pipeline"]);
    assert.deepEqual(positions, [1, 1]);
  });

  test("a permit is released at the end of its scope, and by a run that throws", async () => {
    await using gateway = await startGateway();
    const gate = connectGate(`${gateway.url}/`);
    {
      using permit = await gate.acquire();
      assert.equal(permit.released, false);
    }
    {
      await using permit = await gate.acquire();
      assert.equal(permit.released, false);
    }
    const error = new Error("task");
    const failing = gate.run(() => {
      throw error;
    });
    await assert.rejects(failing, (thrown) => thrown === error);
    assert.equal(await gate.run((permit) => permit.priority), 100);
    await gateway.over(4);
    assert.deepEqual(gateway.outcomes, ["finished", "finished", "finished", "finished"]);
  });

  test("the ambient priority counts where none is given", async () => {
    await using gateway = await startGateway();
    const gate = connectGate(new URL(gateway.url));
    assert.equal(await withPriority(7, () => gate.run(({ priority }) => priority)), 7);
    assert.equal(await withPriority(7, () => gate.run(({ priority }) => priority, { priority: 3 })), 3);
  });

  test("a caller's own abort rejects with its reason and leaves the line; later it changes nothing", async () => {
    await using gateway = await startGateway();
    const gate = connectGate(gateway.url);
    const holder = await gate.acquire();
    const controller = new AbortController();
    const reason = new Error("user left");
    const waiting = [1, 2].map(() => gate.acquire({ signal: controller.signal }));
    await gateway.waiting(2);
    controller.abort(reason);
    for (const call of waiting) await assert.rejects(call, (error) => error === reason);
    await gateway.waiting(0);
    await assert.rejects(gate.acquire({ signal: controller.signal }), (error) => error === reason);
    holder.release();

    const late = new AbortController();
    const held = await gate.acquire({ signal: late.signal });
    late.abort();
    assert.equal(held.released, false);
    assert.equal(held.signal.aborted, false);
    held.release();
    const never = gate.run(() => assert.fail("called"), { signal: late.signal });
    await assert.rejects(never, { name: "AbortError" });
  });

  test("what the gate refuses is the same error as in this process", async () => {
    await using gateway = await startGateway({ config: { queue: { maxWaiting: 1 } } });
    const gate = connectGate(gateway.url);
    const holder = await gate.acquire();
    await assert.rejects(gate.acquire({ timeoutMs: 1 }), refused("queue_timeout", "evicted"));
    const displaced = assert.rejects(gate.acquire({ timeoutMs: Infinity }), refused("displaced", "evicted"));
    await gateway.waiting(1);
    const person = gate.acquire({ priority: 0 });
    await displaced;
    await assert.rejects(gate.acquire(), refused("queue_full", "rejected"));
    holder.release();
    (await person).release();
    await gateway.gate.drain();
    await assert.rejects(gate.acquire(), refused("draining", "rejected"));
  });

  test("the gate is chosen by name, and a key is shown; without either the gateway says what is missing", async () => {
    const keys = [{ name: "job", key: "job-key-123", ceiling: 60 }];
    await using gateway = await startGateway({ config: { keys }, upstream: { name: "gpu0", gate: "left" } });
    const gate = connectGate(gateway.url, { key: "job-key-123", upstream: "gpu0" });
    const permit = await gate.acquire({ priority: 0 });
    assert.equal(permit.priority, 60);
    assert.equal(gateway.gateway.gates.get("left")?.gate.held, 1);
    assert.equal(await permit.yield(), false);
    permit.release();
    await assert.rejects(connectGate(gateway.url).acquire(), gone("invalid_api_key"));
    await assert.rejects(connectGate(gateway.url, { key: "wrong" }).acquire(), (error: GatewayError) => {
      assert.equal(error.status, 401);
      return gone("invalid_api_key")(error);
    });
    const unknown = connectGate(gateway.url, { key: "job-key-123", upstream: "gpu 9&" });
    await assert.rejects(unknown.acquire(), gone("unknown_upstream"));
  });

  test("an unusable option is thrown at once, and nothing is sent", () => {
    for (const url of ["", "gateway", "ftp://127.0.0.1"]) {
      assert.throws(() => connectGate(url), { name: "TypeError", message: /url must be the address of a gateway/ });
    }
    assert.throws(() => connectGate("http://127.0.0.1:9", { key: "a b" }), { name: "TypeError", message: /key/ });
    const gate = connectGate("http://127.0.0.1:9");
    assert.throws(() => void gate.acquire({ priority: NaN }), { name: "TypeError", message: /priority/ });
    assert.throws(() => void gate.acquire({ timeoutMs: -1 }), { name: "RangeError", message: /timeoutMs/ });
    assert.throws(() => void gate.acquire({ signal: {} as AbortSignal }), { name: "TypeError", message: /signal/ });
    assert.throws(() => void gate.run(undefined as never), { name: "TypeError", message: /function/ });
  });
});

describe("a remote permit that steps aside", () => {
  test("is asked by its signal, comes back in its old place, and has a fresh signal", async () => {
    await using gateway = await startGateway();
    const gate = connectGate(gateway.url);
    const permit = await gate.acquire({ preemptible: true });
    const { signal } = permit;
    assert.equal(await permit.yield(), false);
    assert.equal(permit.signal, signal);
    for (let round = 0; round < 2; round++) {
      const asked = permit.signal;
      const person = gate.acquire({ priority: 0 });
      refused("preempted", "running")(await aborted(asked));
      assert.equal(permit.released, false);
      const both = [permit.yield(), permit.yield()];
      (await person).release();
      assert.deepEqual(await Promise.all(both), [true, true]);
      assert.notEqual(permit.signal, asked);
      assert.equal(permit.signal.aborted, false);
    }
    permit.release();
    assert.throws(() => void permit.yield(), refused("permit_released", "running"));
  });

  test("a wait that ends in vain releases it: too long, aborted, or released meanwhile", async () => {
    await using gateway = await startGateway();
    const gate = connectGate(gateway.url);
    const reason = new Error("stop");
    const controller = new AbortController();
    for (const [options, act, expected] of [
      [{ timeoutMs: 1 }, () => {}, refused("queue_timeout", "parked")],
      [{ signal: controller.signal }, () => controller.abort(reason), (error: unknown) => error === reason],
      [{ signal: controller.signal }, () => {}, (error: unknown) => error === reason],
      [{}, (permit: { release(): boolean }) => permit.release(), refused("permit_released", "parked")],
    ] as const) {
      const permit = await gate.acquire();
      const person = gate.acquire({ priority: 0 });
      await gateway.waiting(1);
      const yielding = assert.rejects(permit.yield(options), expected);
      const inFront = await person;
      act(permit);
      await yielding;
      assert.equal(permit.released, true);
      inFront.release();
      await gateway.until(() => gateway.gate.held === 0);
    }
  });
});

describe("a remote gate that cannot be reached or is lost", () => {
  test("a closed port: gateway_unreachable, which says where, why and what to do", async () => {
    const server = await localServer(() => {});
    await server[Symbol.asyncDispose]();
    await assert.rejects(connectGate(server.url).acquire(), (error: GatewayError) => {
      assert.match(error.message, new RegExp(`${server.url} .*ECONNREFUSED.*headgate serve`));
      return gone("gateway_unreachable")(error);
    });
  });

  test("somebody else at that address is no gateway, whatever it answers", async () => {
    for (const answer of [
      { status: 404, type: "text/html", body: "<html>" },
      { status: 200, type: "application/json", body: "{}" },
      { status: 500, type: "application/json", body: '{"error":"broken"}' },
      { status: 404, type: "application/json", body: "null" },
    ]) {
      await using server = await localServer((_request, response) => {
        response.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
      });
      await assert.rejects(connectGate(server.url).acquire(), gone("gateway_unreachable"));
    }
  });

  test("an answer that is cut off, or full of nonsense, rejects and leaves nothing open", async () => {
    for (const body of ["", "nonsense\n", "[1]\n[2]\n", "7\n", '{"event":"waiting","id":"a","position":1}\n{"ev']) {
      await using server = await localServer((_request, response) => {
        response.writeHead(200, { "content-type": "application/x-ndjson" });
        response.write(body, () => response.destroy());
      });
      await assert.rejects(connectGate(server.url).acquire(), (error) => error instanceof GatewayError);
    }
  });

  test("one that accepts and says nothing is given up after 10 s, one that falls silent after 45 s", async () => {
    const clock = new ManualClock();
    await using silent = await silentServer();
    const gate = connectGate(silent.url, { clock });
    const mute = assert.rejects(gate.acquire(), gone("gateway_unreachable"));
    await silent.connection();
    clock.advance(10_000);
    await mute;

    const held = gate.acquire();
    const socket = await silent.connection();
    socket.write(`${HEAD}{"event":"granted","id":"permit_1","waitedMs":0,"priority":100}\n`);
    const permit = await held;
    clock.advance(44_999);
    assert.equal(permit.signal.aborted, false);
    clock.advance(1);
    gone("connection_lost")(await aborted(permit.signal));
    assert.equal(permit.released, true);
    assert.equal(clock.pending.all, 0);
  });

  test("a process that was stopped reads what came meanwhile before it thinks the gateway gone", async () => {
    const clock = new ManualClock();
    await using silent = await silentServer();
    const held = connectGate(silent.url, { clock }).acquire();
    const socket = await silent.connection();
    socket.write(`${HEAD}{"event":"granted","id":"permit_1","waitedMs":0,"priority":100}\n`);
    const permit = await held;
    // The heartbeat is in the socket, and the timer is called before it is read: as after a minute without a turn.
    socket.write('{"event":"heartbeat"}\n');
    clock.jump(60_000);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    assert.equal(permit.signal.aborted, false);
    permit.release();
    assert.equal(clock.pending.all, 0);
  });

  test("losing the gateway aborts the signal and the wait; a new acquire reconnects", async () => {
    const first = await startGateway();
    const gate = connectGate(first.url);
    const permit = await gate.acquire();
    const waiting = assert.rejects(gate.acquire(), refused("closed", "evicted"));
    await first.waiting(1);
    const held = aborted(permit.signal);
    first.endsAbruptly = true;
    await first[Symbol.asyncDispose]();
    refused("closed", "running")(await held);
    await waiting;
    assert.equal(permit.released, true);
    assert.equal(permit.release(), false);
    assert.throws(() => void permit.yield(), refused("permit_released", "running"));
    await assert.rejects(gate.acquire(), gone("gateway_unreachable"));

    await using second = await startGateway({ config: { listen: [{ port: first.port }] } });
    const again = await gate.acquire();
    assert.equal(second.gate.held, 1);
    again.release();
  });

  test("a connection that breaks aborts the signal with connection_lost, and rejects a yield that waits", async () => {
    await using gateway = await startGateway();
    await using line = await breakableLine(gateway.port);
    const gate = connectGate(line.url);
    const held = await gate.acquire();
    line.break();
    gone("connection_lost")(await aborted(held.signal));
    assert.equal(held.released, true);
    await gateway.until(() => gateway.gate.held === 0);

    const parked = await gate.acquire();
    const person = connectGate(gateway.url).acquire({ priority: 0 });
    await gateway.waiting(1);
    const yielding = assert.rejects(parked.yield(), (error) => error instanceof GatewayError);
    const inFront = await person;
    line.break();
    await yielding;
    assert.equal(parked.released, true);
    await gateway.waiting(0);
    await assert.rejects(gate.acquire({ onEnqueue: () => line.break() }), gone("connection_lost"));
    inFront.release();
  });

  test("a permit that an operator releases aborts the signal with permit_released", async () => {
    await using gateway = await startGateway();
    const permit = await connectGate(gateway.url).acquire();
    await fetch(`${gateway.url}/headgate/permits/${permit.id}`, { method: "DELETE" });
    refused("permit_released", "running")(await aborted(permit.signal));
    assert.equal(permit.released, true);
  });
});

test("property: whatever is acquired, aborted, yielded and released, nothing is held or waits at the end", async () => {
  const job = fc.record({
    priority: fc.constantFrom(0, 50, 100),
    preemptible: fc.boolean(),
    timeoutMs: fc.constantFrom(undefined, 5, 50),
    abort: fc.constantFrom("never", "at once", "when it waits"),
    steps: fc.array(fc.constantFrom("yield", "yield briefly", "turn"), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 8 }), async (jobs) => {
      await using gateway = await startGateway();
      const gate = connectGate(gateway.url);
      let running = 0;
      const results = jobs.map(async ({ abort, steps, ...options }) => {
        const controller = new AbortController();
        const call = gate.run(
          async (permit) => {
            running++;
            for (const step of steps) {
              if (step === "turn") await nextTurn();
              else {
                // A yield that fails has lost the permit.
                running--;
                await permit.yield(step === "yield" ? {} : { timeoutMs: 5 });
                running++;
              }
              assert.ok(running <= 1, "two hold one permit");
            }
            running--;
          },
          {
            ...options,
            signal: controller.signal,
            onEnqueue: () => abort === "when it waits" && controller.abort(),
          },
        );
        if (abort === "at once") controller.abort();
        await call.catch((error: unknown) => assert.ok(isGateError(error) || (error as Error).name === "AbortError"));
      });
      await Promise.all(results);
    }),
    { numRuns: 20 },
  );
});
