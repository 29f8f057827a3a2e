import { stat } from "node:fs/promises";
import { join } from "node:path";
import { now } from "../gateway/clock.ts";
import { writeInput } from "./input.ts";
import type { Effort } from "./plan.ts";
import type { Ingest } from "./results.ts";
import { withScene } from "./scene.ts";

/** The largest input that is taken. Its lines do not run: the gate is paused. */
export function measureIngest({ lineBytes, lines }: Effort["ingest"]): Promise<Ingest> {
  return withScene({ capacity: 1, task: "answer" }, async ({ client, folder, gateway }) => {
    const path = join(folder, "input.jsonl");
    await writeInput(path, lines, lineBytes);
    await client.pause();
    const peakBefore = await gateway.ask("peak");
    const startedAt = now();
    const fileId = await client.upload(path);
    const uploadedAt = now();
    const { id } = await client.create(fileId);
    await client.until(id, ({ status }) => status === "in_progress");
    const checkedAt = now();
    const figures = { uploadMs: uploadedAt - startedAt, checkMs: checkedAt - uploadedAt };
    const peak = await gateway.ask("peak");
    await client.cancel(id);
    return { lines, bytes: (await stat(path)).size, ...figures, peakBefore, peak };
  });
}
