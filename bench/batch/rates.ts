import { join } from "node:path";
import { now } from "../gateway/clock.ts";
import { writeInput } from "./input.ts";
import type { Effort } from "./plan.ts";
import type { Rate } from "./results.ts";
import { withScene } from "./scene.ts";
import { storeRate } from "./store-rate.ts";

/** The store alone and a batch in turn, each time with a fresh data directory. */
export async function measureRates({ atOnce, lines, rounds }: Effort["rate"]): Promise<Rate[]> {
  const rates: Rate[] = [];
  for (const count of atOnce) {
    const store: number[] = [];
    const batch: number[] = [];
    for (let round = 0; round < rounds; round++) {
      store.push(await storeRate(lines, count));
      batch.push(await batchRate(lines, count));
    }
    rates.push({ atOnce: count, store, batch });
  }
  return rates;
}

/** From the first line that was seen to be done to the last. */
function batchRate(lines: number, capacity: number): Promise<number> {
  return withScene({ capacity, task: "answer" }, async ({ folder, client }) => {
    const path = join(folder, "input.jsonl");
    await writeInput(path, lines);
    const { id } = await client.create(await client.upload(path));
    const first = await client.until(id, ({ request_counts: { completed } }) => completed > 0);
    const startedAt = now();
    const all = await client.until(id, ({ request_counts: { completed, failed } }) => completed + failed === lines);
    const tookMs = now() - startedAt;
    const ended = await client.until(all.id, ({ status }) => status === "completed");
    await client.assertComplete(ended, lines);
    return ((lines - first.request_counts.completed) * 1000) / tookMs;
  });
}
