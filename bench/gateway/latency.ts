import { quantile } from "../../src/cli/bench/statistics.ts";
import { now } from "./clock.ts";
import { Connection } from "./connection.ts";
import { inRounds, type Entrant } from "./field.ts";
import type { Effort } from "./plan.ts";
import { request } from "./requests.ts";
import type { Row, Spread } from "./results.ts";

/** One client, one request after another. */
export function measureLatency(
  field: readonly Entrant[],
  { rounds, requests }: Effort["latency"],
): Promise<Row<Spread>[]> {
  const bytes = request("answer");
  return inRounds(field, rounds, async ({ running }) => {
    const client = await Connection.open(running.port);
    // The first carries the costs of a new connection.
    await client.send(bytes);
    const times: number[] = [];
    for (let sent = 0; sent < requests; sent++) {
      const startedAt = now();
      await client.send(bytes);
      times.push(now() - startedAt);
    }
    client.close();
    return spreadUs(times);
  });
}

/** Of milliseconds, in microseconds. */
export function spreadUs(milliseconds: readonly number[]): Spread {
  return { p50: quantile(milliseconds, 0.5) * 1000, p99: quantile(milliseconds, 0.99) * 1000 };
}
