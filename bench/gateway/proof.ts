import { setTimeout as pause } from "node:timers/promises";
import { Connection, type Answer } from "./connection.ts";
import type { Contender, Running } from "./contender.ts";
import type { Entrant } from "./field.ts";
import { FrameReader } from "./frames.ts";
import { JSON_ANSWER, request } from "./requests.ts";

/** A contender does not do what it is measured for. */
export class DisprovedError extends Error {
  constructor(id: string, what: string) {
    super(`${id} ${what}`);
    this.name = "DisprovedError";
  }
}

/** Far beyond what an honest proxy needs, also on a busy machine. */
const PATIENCE_MS = 5000;
/** A request needs less than this to reach its place in a line. Only Headgate can be asked. */
const SETTLING_MS = 60;

/**
 * What every figure takes for granted: bodies pass byte for byte both ways, and frames pass one by one.
 *
 * @throws {DisprovedError}
 */
export async function provePassing(entrant: Entrant, patienceMs: number = PATIENCE_MS): Promise<void> {
  await proveBytes(entrant);
  await proveFrames(entrant, patienceMs);
}

/** Answers of a finished completion, and requests too: so they may be sent back as they came. */
const BODIES = [
  "",
  '"note":"né\\u00e9\\ud83d\\ude00 ☃", "huge" :1e400,\n"exact":12345678901234567890,',
  `"padding":"${"p".repeat(300_000)}",`,
].map(
  (members) =>
    `{${members}"model":"bench","messages":[{"role":"user","content":"hi"}],` +
    '"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}',
);

async function proveBytes({ contender, running }: Entrant): Promise<void> {
  const client = await Connection.open(running.port);
  const answer = await inTime(contender, "does not answer", client.send(request("answer")));
  expect(contender, answer, JSON_ANSWER);
  for (const body of BODIES) {
    const echoed = await inTime(contender, "does not answer", client.send(request("echo", "background", body)));
    expect(contender, echoed, Buffer.from(body));
  }
  client.close();
}

function expect({ id }: Contender, { body, status }: Answer, expected: Buffer): void {
  if (status !== 200) throw new DisprovedError(id, `answered ${status}: ${body.toString("utf8", 0, 200)}`);
  if (!body.equals(expected)) throw new DisprovedError(id, "changed the bytes of a request or an answer");
}

const STEPS = 5;

/** The next frame is sent only when the last has arrived, so whoever collects frames waits for ever. */
async function proveFrames({ contender, model, running }: Entrant, patienceMs: number): Promise<void> {
  const client = await Connection.open(running.port);
  const seen: string[] = [];
  let arrived = Promise.withResolvers<void>();
  const pieces: Buffer[] = [];
  const reader = new FrameReader((token) => {
    seen.push(String(Number(token)));
    arrived.resolve();
  });
  client.onBody = (piece) => {
    pieces.push(piece);
    reader.push(piece);
  };
  const answered = client.send(request("step"));
  answered.catch(() => {});
  for (let step = 1; step <= STEPS; step++) {
    arrived = Promise.withResolvers();
    while ((await model.ask("step")) === 0) await pause(1);
    await inTime(contender, `holds frame ${step} of a stream back`, arrived.promise, patienceMs);
  }
  await model.ask("finish");
  await inTime(contender, "does not end a stream", answered);
  client.close();
  const whole = Buffer.concat(pieces).toString("latin1");
  const inOrder = seen.join(" ") === Array.from({ length: STEPS }, (_, step) => step + 1).join(" ");
  if (!inOrder || !whole.endsWith("data: [DONE]\n\n"))
    throw new DisprovedError(contender.id, "lost a part of a stream");
}

/** Sent in this order while the slot is taken. */
const LINE = ["b0", "b1", "f0", "b2", "f1"] as const;
const RIGHT_ORDER = "holder f0 f1 b0 b1 b2";

/**
 * What a gate of capacity 1 claims: one request at a time, the foreground first, and first come first served inside a class.
 *
 * @throws {DisprovedError}
 */
export async function proveOrder({ contender, model, running }: Entrant): Promise<void> {
  if (!contender.priorities) return;
  await model.ask("served");
  const clients = await Connection.openMany(running.port, LINE.length + 1);
  const holder = clients.pop()!;
  const answers = [holder.send(request("keep holder"))];
  await inLine(running, 0);
  for (const [index, name] of LINE.entries()) {
    const as = name.startsWith("f") ? "foreground" : "background";
    answers.push(clients[index]!.send(request(`serve 1 ${name}`, as)));
    await inLine(running, index + 1);
  }
  const throughTheGate = await model.ask("letGo");
  await inTime(contender, "lost a waiter", Promise.all(answers));
  for (const client of [holder, ...clients]) client.close();
  if (throughTheGate > 0)
    throw new DisprovedError(contender.id, "lets more requests through than the server has slots");
  const order = (await model.ask("served")).map(({ name }) => name).join(" ");
  if (order !== RIGHT_ORDER) throw new DisprovedError(contender.id, `served ${order} instead of ${RIGHT_ORDER}`);
}

async function inLine({ child }: Running, count: number): Promise<void> {
  await pause(SETTLING_MS);
  while (child !== undefined && (await child.ask("waiting")) < count) await pause(1);
}

async function inTime<Result>(
  { id }: Contender,
  complaint: string,
  promise: Promise<Result>,
  patienceMs: number = PATIENCE_MS,
): Promise<Result> {
  const over = new AbortController();
  const late = pause(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new DisprovedError(id, complaint);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}
