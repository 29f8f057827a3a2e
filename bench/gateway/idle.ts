import { Connection } from "./connection.ts";
import { inRounds, type Entrant } from "./field.ts";
import { spreadUs } from "./latency.ts";
import type { Effort } from "./plan.ts";
import { request } from "./requests.ts";
import type { Row, Spread } from "./results.ts";
import type { Served } from "./servers/slot.ts";

/**
 * How long the slot stands idle between the end of one answer and the arrival of the next request, with a line that is never
 * empty. Both moments are the model server's own. How long a job takes does not matter.
 *
 * Who has no line of its own (`direct`) is one client that sends its next request when it has its answer: the floor.
 */
export function measureIdle(
  field: readonly Entrant[],
  { clients, jobs, rounds, serviceMs }: Effort["idle"],
): Promise<Row<Spread>[]> {
  return inRounds(field, rounds, async ({ contender, model, running }) => {
    await model.ask("served");
    const bytes = request(`serve ${serviceMs} job`, "background");
    const connections = await Connection.openMany(running.port, contender.priorities ? clients : 1);
    let left = jobs;
    await Promise.all(
      connections.map(async (client) => {
        while (left-- > 0) await client.send(bytes);
      }),
    );
    for (const client of connections) client.close();
    // While the first ones come and the last ones go the line is short.
    return spreadUs(gaps((await model.ask("served")).slice(connections.length, -connections.length)));
  });
}

/** Milliseconds between the end of each job and the arrival of the next. */
export function gaps(served: readonly Served[]): number[] {
  return served.slice(1).map(({ arrivedAt }, index) => arrivedAt - served[index]!.endedAt);
}
