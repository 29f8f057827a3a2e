import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { LiveStream, OUTBOX } from "../../src/gateway/control/live-stream.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** A client that reads only when told to. */
class SlowClient extends EventEmitter {
  readonly got: string[] = [];
  writableNeedDrain = false;

  writeHead(): void {}

  write(text: string): boolean {
    this.got.push(text);
    return !this.writableNeedDrain;
  }

  end(): void {
    this.emit("close");
  }

  read(): void {
    this.writableNeedDrain = false;
    this.emit("drain");
  }
}

function open(): { client: SlowClient; stream: LiveStream; clock: ManualClock; snapshots: () => number } {
  const client = new SlowClient();
  const clock = new ManualClock();
  let count = 0;
  const snapshot = (): string => `snapshot ${++count}`;
  const stream = new LiveStream(client as unknown as ServerResponse, { clock, snapshot, onClose: () => {} });
  client.got.length = 0;
  return { client, stream, clock, snapshots: () => count };
}

test("a client that reads slowly gets what it missed, in order, as soon as it reads", () => {
  const { client, stream } = open();
  client.writableNeedDrain = true;
  stream.send(["a", "b"]);
  stream.send(["c"]);
  assert.deepEqual(client.got, []);
  client.read();
  assert.deepEqual(client.got, ["abc"]);
  stream.send(["d"]);
  assert.deepEqual(client.got, ["abc", "d"]);
});

test("a client that misses more than the outbox holds gets one fresh snapshot instead, and costs no more memory", () => {
  const { client, stream, snapshots } = open();
  client.writableNeedDrain = true;
  for (let i = 0; i < 10 * OUTBOX; i++) stream.send([String(i)]);
  assert.equal(snapshots(), 1);
  client.read();
  assert.deepEqual(client.got, ["snapshot 2"]);
  stream.send(["next"]);
  assert.deepEqual(client.got, ["snapshot 2", "next"]);
});

test("more news at once than the outbox holds is told as a snapshot", () => {
  const { client, stream } = open();
  stream.send(Array.from({ length: OUTBOX + 1 }, String));
  assert.deepEqual(client.got, ["snapshot 2"]);
});

test("a client that has not read what it was sent gets no heartbeats on top", () => {
  const { client, clock } = open();
  client.writableNeedDrain = true;
  clock.advance(60_000);
  assert.equal(client.got.join(""), "");
  client.read();
  clock.advance(15_000);
  assert.equal(client.got.join(""), ": heartbeat\n\n");
});

test("nothing runs on once the connection is closed", () => {
  const { stream, clock } = open();
  stream.end();
  assert.equal(clock.pending.all, 0);
});
