/**
 * A long embedding job that works in chunks under one permit and lets people in between two chunks. Nothing is aborted, and
 * the job keeps its place: it goes on as soon as the person is served.
 *
 *     npm run build && node examples/embedding-loop.ts
 */
import { setTimeout as pause } from "node:timers/promises";
import { Gate, Priority } from "headgate";

const CHUNK_SIZE = 32;
const gate = new Gate({ name: "gpu" });

// Stand-ins for a model in this process.
const embed = (texts: readonly string[]): Promise<number[][]> =>
  pause(
    10,
    texts.map((text) => [text.length]),
  );
const chat = (question: string): Promise<string> => pause(15, `an answer to "${question}"`);

async function embedAll(texts: readonly string[]): Promise<number[][]> {
  using permit = await gate.acquire({ label: "embed library", preemptible: true });
  const vectors: number[][] = [];
  for (let at = 0; at < texts.length; at += CHUNK_SIZE) {
    vectors.push(...(await embed(texts.slice(at, at + CHUNK_SIZE))));
    if (await permit.yield()) console.log(`stepped aside after ${vectors.length} of ${texts.length}, and went on`);
  }
  return vectors;
}

async function answer(question: string): Promise<string> {
  return gate.run(
    async (permit) => {
      console.log(`"${question}" waited ${Math.round(permit.waitedMs)} ms`);
      return chat(question);
    },
    { priority: Priority.FOREGROUND },
  );
}

const library = Array.from({ length: 320 }, (_, index) => `text number ${index}`);
const job = embedAll(library);
await pause(25);
console.log(await answer("What is in there?"));
await pause(25);
console.log(await answer("And what else?"));
const vectors = await job;
console.log(`${vectors.length} vectors, ${gate.held} permits held, ${gate.waiting} waiting`);
