import { join } from "node:path";
import { clientsOf, foregroundBeside, type Background } from "../gateway/foreground.ts";
import { poissonArrivals, type Load } from "../gateway/ideal.ts";
import { writeInput } from "./input.ts";
import type { Effort } from "./plan.ts";
import type { People } from "./results.ts";
import { withScene, type Scene } from "./scene.ts";

const SEED = 11_400;

/** The same people at two gateways at the same time, each with a model server of its own: one has a batch, one has clients. */
export async function measurePeople(effort: Effort["people"]): Promise<People> {
  const { backgroundMs, backgroundClients, forMs, perSecond, serviceMs } = effort;
  const load: Load = { arrivals: poissonArrivals(perSecond, forMs, SEED), serviceMs, backgroundMs };
  const task = `serve ${backgroundMs} background` as const;
  const beside = async (id: "batch" | "clients", of: (scene: Scene) => Background): Promise<People["runs"][number]> =>
    withScene({ capacity: 1, task }, async (scene) => {
      const { gateway, model } = scene;
      return { id, ...(await foregroundBeside(of(scene), { model, port: gateway.port, load })) };
    });
  // More lines than can run in the time.
  const lines = Math.ceil((2 * forMs) / backgroundMs);
  const runs = await Promise.all([
    beside("batch", ({ client, folder }) => async () => {
      const path = join(folder, "input.jsonl");
      await writeInput(path, lines);
      const { id } = await client.create(await client.upload(path));
      await client.until(id, ({ request_counts: { completed } }) => completed > 0);
      return () => client.cancel(id);
    }),
    beside("clients", ({ gateway }) => clientsOf(gateway.port, backgroundMs, backgroundClients)),
  ]);
  return { requests: load.arrivals.length, runs };
}
