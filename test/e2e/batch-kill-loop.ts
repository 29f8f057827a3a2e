import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DataFolder } from "../support/data-folder.ts";
import { batchOf, chatLines, ended, postJson, results, submit, type Door } from "./batch-job.ts";
import { CountingServer } from "./counting-server.ts";

/** At capacity 1 one line is at the server, and the others of the window may be answered and not yet recorded. */
const IN_FLIGHT = 4;

/** What a batch came through. */
export interface Survived {
  readonly kills: number;
  readonly asked: number;
  readonly chats: number;
}

/**
 * Runs a batch on gateways that are killed one after the other, each after so many answers, with a person's chat on each of them; then
 * checks that its results are complete, in order, each there once, and that nothing else was asked again than what was in flight.
 */
export async function killLoop(lines: number, lives: readonly number[]): Promise<Survived> {
  await using data = await DataFolder.make();
  await using server = await CountingServer.start();
  let [id, completed, kills, chats] = ["", 0, 0, 0];
  for (const life of [...lives, Infinity]) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "batch-gateway-process.ts"), server.url, data.path],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const door = await doorOf(child);
    id ||= (await submit(door, chatLines(lines))).id;
    const before = await batchOf(door, id);
    assert.ok(before.request_counts.completed >= completed, "a recorded result was lost");
    completed = before.request_counts.completed;
    if (life === Infinity || before.status === "completed") {
      await check(door, id, lines);
      await kill(child);
      break;
    }
    const killed = server.asks(life);
    const chat = postJson(door, "/foreground/v1/chat/completions", person(kills)).then(
      ({ status }) => status === 200,
      () => false,
    );
    // A batch may be over before.
    await Promise.race([killed, ended(door, id).catch(() => {})]);
    await kill(child);
    kills += 1;
    chats += (await chat) ? 1 : 0;
  }
  const again = lineCounts(server).reduce((sum, count) => sum + count - 1, 0);
  assert.ok(again <= kills * IN_FLIGHT, `${again} lines were asked again over ${kills} kills`);
  return { kills, asked: lines + again, chats };
}

function person(n: number): object {
  return { model: "simulated", messages: [{ role: "user", content: `Person ${n}` }] };
}

function lineCounts({ asked }: CountingServer): number[] {
  return [...asked].filter(([text]) => text.startsWith("Question")).map(([, count]) => count);
}

async function doorOf(child: ChildProcess): Promise<Door> {
  for await (const port of createInterface({ input: child.stdout! })) return { url: `http://127.0.0.1:${port}` };
  throw new Error("the gateway ended before it listened");
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

async function check(door: Door, id: string, lines: number): Promise<void> {
  const batch = await ended(door, id);
  assert.equal(batch.status, "completed");
  assert.deepEqual(batch.request_counts, { total: lines, completed: lines, failed: 0 });
  assert.equal(batch.usage.total_tokens, lines * 5);
  const output = await results(door, batch.output_file_id);
  assert.deepEqual(
    output.map(({ custom_id: customId }) => customId),
    Array.from({ length: lines }, (_, n) => `line-${n}`),
  );
  for (const [n, { response }] of output.entries()) {
    assert.match(JSON.stringify(response?.body), new RegExp(`"content":"Question ${n}"`));
  }
}
