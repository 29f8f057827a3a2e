import { readFileSync } from "node:fs";
import { now } from "./clock.ts";
import { Connection } from "./connection.ts";
import { inRounds, type Entrant } from "./field.ts";
import type { Effort } from "./plan.ts";
import { request } from "./requests.ts";
import type { Row, Throughput } from "./results.ts";

/** As many requests as get through, each client sending its next when it has its answer. */
export function measureSaturation(
  field: readonly Entrant[],
  { connections, forMs, rounds }: Effort["saturation"],
): Promise<Row<Throughput>[]> {
  const bytes = request("answer");
  return inRounds(field, rounds, async ({ running }) => {
    const clients = await Connection.openMany(running.port, connections);
    await Promise.all(clients.map((client) => client.send(bytes)));
    const cpuBefore = cpuMs(running.pid);
    const startedAt = now();
    let answered = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (now() - startedAt < forMs) {
          await client.send(bytes);
          answered++;
        }
      }),
    );
    const tookMs = now() - startedAt;
    const cpuAfter = cpuMs(running.pid);
    for (const client of clients) client.close();
    const cpuUs = cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / answered;
    return { perSecond: (answered / tookMs) * 1000, cpuUs };
  });
}

/** Linux counts in hundredths of a second, whatever the kernel's own tick. */
const TICK_MS = 10;

/** Processor time of a process so far, its own and the kernel's for it; `null` where there is no /proc. */
function cpuMs(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold spaces; the 14th and 15th fields are 11 and 12 behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return null;
  }
}
