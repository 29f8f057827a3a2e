import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { BodyIdleError, gatedBody } from "../../src/client/gated-body.ts";
import { ManualClock } from "../support/manual-clock.ts";

type Chunk = Uint8Array<ArrayBuffer>;
const IDLE_MS = 1000;
const bytes = (text: string): Chunk => new TextEncoder().encode(text);

/** A body on a source that the test feeds, and everything that was told about it. */
function harness({ ofBytes = true, idleMs = IDLE_MS } = {}) {
  const clock = new ManualClock();
  const told: string[] = [];
  let feed!: { enqueue(chunk: Chunk): void; close(): void; error(reason: unknown): void };
  const underlying = {
    start: (controller: typeof feed) => void (feed = controller),
    cancel: (reason: unknown) => void told.push(`cancelled: ${String(reason)}`),
  };
  const source = ofBytes
    ? (new ReadableStream({ ...underlying, type: "bytes" }) as ReadableStream<Chunk>)
    : new ReadableStream<Chunk>(underlying);
  const body = gatedBody(source, {
    idleMs,
    clock,
    onEnd: () => told.push("end"),
    onIdle: () => {
      told.push("idle");
      return new BodyIdleError("idle");
    },
  });
  return { body, feed, clock, told };
}

async function readText(body: ReadableStream<Chunk>): Promise<string> {
  return new Response(body).text();
}

for (const ofBytes of [true, false]) {
  const kind = ofBytes ? "byte stream" : "default stream";

  test(`${kind}: passes every chunk on in order and ends once, after the last`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    const text = readText(body);
    for (const part of ["a", "b", "c"]) feed.enqueue(bytes(part));
    assert.deepEqual(told, []);
    feed.close();
    assert.equal(await text, "abc");
    assert.deepEqual(told, ["end"]);
  });

  test(`${kind}: a consumer that never asks behind the last chunk ends it all the same`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    const reader = body.getReader();
    feed.enqueue(bytes("[DONE]"));
    await reader.read();
    feed.close();
    await nextTurn();
    assert.deepEqual(told, ["end"]);
  });

  test(`${kind}: an empty body ends without any reader`, async () => {
    const { feed, told } = harness({ ofBytes });
    feed.close();
    await nextTurn();
    assert.deepEqual(told, ["end"]);
  });

  test(`${kind}: a body of which nothing was read does not end, even when the source has`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    feed.enqueue(bytes("all of it"));
    feed.close();
    await nextTurn();
    assert.deepEqual(told, []);
    assert.equal(await readText(body), "all of it");
    assert.deepEqual(told, ["end"]);
  });

  test(`${kind}: cancelling cancels the source before it ends`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    feed.enqueue(bytes("a"));
    await body.cancel("enough");
    assert.deepEqual(told, ["cancelled: enough", "end"]);
  });

  test(`${kind}: leaving an async iteration early cancels`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    feed.enqueue(bytes("a"));
    for await (const chunk of body) {
      assert.deepEqual(chunk, bytes("a"));
      break;
    }
    assert.deepEqual(told, ["cancelled: undefined", "end"]);
  });

  test(`${kind}: a failing source ends it once, and the reader gets the source's own error`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    const failure = new Error("reset");
    const text = readText(body);
    feed.enqueue(bytes("a"));
    feed.error(failure);
    await assert.rejects(text, (error) => error === failure);
    assert.deepEqual(told, ["end"]);
  });

  test(`${kind}: a failure is seen while a chunk lies ready and nobody reads`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    const failure = new Error("reset");
    feed.enqueue(bytes("a"));
    await nextTurn();
    feed.error(failure);
    await nextTurn();
    assert.deepEqual(told, ["end"]);
    await assert.rejects(readText(body), (error) => error === failure);
  });

  test(`${kind}: tee ends when either branch was read to the end, and once only`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    const [one, other] = body.tee();
    feed.enqueue(bytes("a"));
    feed.close();
    assert.equal(await readText(one), "a");
    assert.deepEqual(told, ["end"]);
    assert.equal(await readText(other), "a");
    assert.deepEqual(told, ["end"]);
  });

  test(`${kind}: cancelling one branch of a tee ends nothing; cancelling the last one does`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    const [one, other] = body.tee();
    feed.enqueue(bytes("a"));
    const first = one.cancel("one");
    await nextTurn();
    assert.deepEqual(told, []);
    await Promise.all([first, other.cancel("other")]);
    assert.deepEqual(told, ["cancelled: one,other", "end"]);
  });

  test(`${kind}: pipeTo a sink that fails cancels`, async () => {
    const { body, feed, told } = harness({ ofBytes });
    feed.enqueue(bytes("a"));
    const sink = new WritableStream<Chunk>({
      write() {
        throw new Error("disk full");
      },
    });
    await assert.rejects(body.pipeTo(sink), /disk full/);
    assert.deepEqual(told, ["cancelled: Error: disk full", "end"]);
  });
}

test("a byte stream still fills a reader's own buffer, and answers its last read at the end", async () => {
  const { body, feed, told } = harness();
  const reader = body.getReader({ mode: "byob" });
  feed.enqueue(bytes("abc"));
  const first = await reader.read(new Uint8Array(2));
  assert.deepEqual([first.done, Buffer.from(first.value!).toString()], [false, "ab"]);
  const second = await reader.read(new Uint8Array(2));
  assert.deepEqual([second.done, Buffer.from(second.value!).toString()], [false, "c"]);
  const last = reader.read(new Uint8Array(2));
  feed.close();
  assert.equal((await last).done, true);
  assert.deepEqual(told, ["end"]);
});

test("a chunk that lies ready for bodyIdleMs ends it, and a late reader gets the error rather than a short answer", async () => {
  const { body, feed, clock, told } = harness();
  feed.enqueue(bytes("a"));
  await nextTurn();
  clock.advance(IDLE_MS - 1);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, ["idle", "cancelled: BodyIdleError: idle", "end"]);
  await assert.rejects(readText(body), { name: "BodyIdleError", code: "body_idle" });
});

test("a slow source is no idle reader", async () => {
  const { body, feed, clock, told } = harness();
  const text = readText(body);
  await nextTurn();
  clock.advance(100 * IDLE_MS);
  feed.enqueue(bytes("late"));
  await nextTurn();
  clock.advance(100 * IDLE_MS);
  assert.deepEqual(told, []);
  feed.close();
  assert.equal(await text, "late");
});

test("a slow source is no idle reader before anybody reads, either", async () => {
  const { clock, feed, told } = harness();
  clock.advance(100 * IDLE_MS);
  await nextTurn();
  assert.deepEqual(told, []);
  feed.close();
  await nextTurn();
  assert.deepEqual(told, ["end"]);
});

test("each read starts the idle time anew", async () => {
  const { body, feed, clock, told } = harness();
  const reader = body.getReader();
  for (const part of ["a", "b", "c"]) feed.enqueue(bytes(part));
  for (let read = 0; read < 3; read++) {
    await nextTurn();
    clock.advance(IDLE_MS - 1);
    await reader.read();
  }
  assert.deepEqual(told, []);
  feed.close();
  await nextTurn();
  assert.deepEqual(told, ["end"]);
});

test("a reader that stops in the middle is an idle one, and its next read fails", async () => {
  const { body, feed, clock, told } = harness();
  const reader = body.getReader();
  for (const part of ["a", "b"]) feed.enqueue(bytes(part));
  await reader.read();
  await nextTurn();
  clock.advance(IDLE_MS);
  assert.deepEqual(told, ["idle", "cancelled: BodyIdleError: idle", "end"]);
  await assert.rejects(reader.read(), { code: "body_idle" });
});

test("it takes at most one chunk from the source that its reader has not asked for", async () => {
  let taken = 0;
  const source = new ReadableStream<Chunk>(
    { pull: (controller) => controller.enqueue(bytes(`chunk ${++taken}`)) },
    { highWaterMark: 0 },
  );
  const body = gatedBody(source, {
    idleMs: Infinity,
    clock: new ManualClock(),
    onEnd: () => {},
    onIdle: () => assert.fail("idle"),
  });
  const reader = body.getReader();
  for (let read = 0; read < 3; read++) {
    await nextTurn();
    assert.equal(taken, read + 1);
    await reader.read();
  }
  await reader.cancel();
});

test("an unread branch of a tee does not idle while the other reads", async () => {
  const { body, feed, clock, told } = harness();
  const [read] = body.tee();
  const text = readText(read);
  for (const part of ["a", "b"]) {
    feed.enqueue(bytes(part));
    await nextTurn();
    clock.advance(IDLE_MS);
  }
  feed.close();
  assert.equal(await text, "ab");
  assert.deepEqual(told, ["end"]);
});

test("the idle timer never keeps the process alive, and none is left at the end", async () => {
  const { body, feed, clock } = harness();
  feed.enqueue(bytes("a"));
  await nextTurn();
  assert.deepEqual(clock.pending, { all: 1, keepAlive: 0 });
  await body.cancel();
  assert.deepEqual(clock.pending, { all: 0, keepAlive: 0 });
});

test("with bodyIdleMs Infinity a body may lie unread for ever", async () => {
  const { body, feed, clock, told } = harness({ idleMs: Infinity });
  feed.enqueue(bytes("a"));
  await nextTurn();
  assert.equal(clock.pending.all, 0);
  clock.advance(1e9);
  assert.deepEqual(told, []);
  await body.cancel();
});

test("whatever source, reader and clock do, it ends exactly once, and nobody reads what the source did not send", async () => {
  const act = fc.constantFrom("enqueue", "close", "error", "read", "cancel", "advance", "turn");
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(act, { maxLength: 25 }), async (ofBytes, acts) => {
      const { body, feed, clock, told } = harness({ ofBytes });
      const reader = body.getReader();
      const reads: Promise<string>[] = [];
      let sent = "";
      for (const [index, name] of acts.entries()) {
        const open = !told.some((entry) => entry !== "idle");
        if (name === "turn") await nextTurn();
        else if (name === "read") {
          reads.push(
            reader.read().then(
              ({ value }) => Buffer.from(value ?? []).toString(),
              () => "",
            ),
          );
        } else if (name === "cancel") await reader.cancel().catch(() => {});
        else if (name === "advance") clock.advance(IDLE_MS);
        else if (open) {
          try {
            const part = String.fromCharCode(97 + index);
            if (name === "enqueue") feed.enqueue(bytes(part));
            if (name === "enqueue") sent += part;
            if (name === "close") feed.close();
            if (name === "error") feed.error(new Error("reset"));
          } catch {
            // The source was closed or failed before.
          }
        }
        assert.ok(told.filter((entry) => entry === "end").length <= 1);
      }
      await reader.cancel().catch(() => {});
      const got = (await Promise.all(reads)).join("");
      assert.ok(sent.startsWith(got), `read ${got} of ${sent}`);
      assert.equal(told.filter((entry) => entry === "end").length, 1);
      assert.equal(clock.pending.all, 0);
    }),
    { numRuns: 500 },
  );
});
