import { join } from "node:path";
import { Connection } from "../gateway/connection.ts";
import { gaps } from "../gateway/idle.ts";
import { spreadUs } from "../gateway/latency.ts";
import { request } from "../gateway/requests.ts";
import { writeInput } from "./input.ts";
import type { Effort } from "./plan.ts";
import type { Results } from "./results.ts";
import { withScene, type Scene } from "./scene.ts";

/** Enough that somebody always waits. */
const CLIENTS = 8;

/** Of a batch and of clients, at the same gateway with one slot, one after the other. Both moments are the model server's own. */
export function measureGaps({ lines, serviceMs }: Effort["gap"]): Promise<Results["gaps"]> {
  const task = `serve ${serviceMs} line` as const;
  return withScene({ capacity: 1, task }, async (scene) => {
    const { client, folder } = scene;
    const path = join(folder, "input.jsonl");
    await writeInput(path, lines);
    const { id } = await client.create(await client.upload(path));
    await client.assertComplete(await client.until(id, ({ status }) => status === "completed"), lines);
    const batch = await idle(scene);
    const connections = await Connection.openMany(scene.gateway.port, CLIENTS);
    const bytes = request(task, "background");
    let left = lines;
    await Promise.all(
      connections.map(async (connection) => {
        while (left-- > 0) await connection.send(bytes);
        connection.close();
      }),
    );
    return { batch, clients: await idle(scene) };
  });
}

async function idle({ model }: Scene): Promise<ReturnType<typeof spreadUs>> {
  const served = await model.ask("served");
  // While the first ones come and the last ones go the line is short.
  return spreadUs(gaps(served.slice(CLIENTS, -CLIENTS)));
}
