import { now } from "./clock.ts";
import { Connection } from "./connection.ts";
import { inRounds, type Entrant } from "./field.ts";
import { FrameReader } from "./frames.ts";
import { spreadUs } from "./latency.ts";
import type { Effort } from "./plan.ts";
import { request } from "./requests.ts";
import type { Row, Spread } from "./results.ts";

/** The first frames of a stream meet the bustle of all streams beginning at once. */
const SKIPPED = 3;

/** Many streams beside each other, at a reader's pace. */
export function measureStream(
  field: readonly Entrant[],
  { frames, intervalMs, rounds, streams }: Effort["stream"],
): Promise<Row<Spread>[]> {
  const bytes = request(`pace ${frames} ${intervalMs}`);
  return inRounds(field, rounds, async ({ contender, running }) => {
    const clients = await Connection.openMany(running.port, streams);
    const times: number[] = [];
    let seen = 0;
    await Promise.all(
      clients.map(async (client) => {
        let count = 0;
        const reader = new FrameReader((token) => {
          const age = now() - Number(token);
          seen++;
          if (++count > SKIPPED) times.push(age);
        });
        client.onBody = (piece) => reader.push(piece);
        await client.send(bytes);
        client.close();
      }),
    );
    if (seen !== streams * frames) throw new Error(`${contender.id} lost ${streams * frames - seen} frames`);
    return spreadUs(times);
  });
}
