import { setTimeout as pause } from "node:timers/promises";
import { Child } from "./child-process.ts";
import { Connection } from "./connection.ts";
import { startHeadgate } from "./contenders.ts";
import type { Effort } from "./plan.ts";
import { request } from "./requests.ts";
import type { MemoryUse } from "./results.ts";
import type { Memory } from "./servers/child-server.ts";
import type { ModelQuestions } from "./servers/model.ts";

/** So many clients connect at once. */
const BATCH = 250;
const LOOK_AGAIN_MS = 20;

/**
 * What a waiter and an idle stream cost, in fresh processes: the growth from one answered request to so many that stay. All of
 * a client's side is in it: connection, request, body, place in line. The stream is measured through the bare proxy too.
 */
export async function measureMemory({ streams, waiters }: Effort["memory"]): Promise<MemoryUse[]> {
  const uses: MemoryUse[] = [];
  for (const count of waiters) uses.push(await perWaiter(count));
  const bare = (options: { upstreamPort: number; capacity: number }): Promise<Child<{ memory: Memory }>> =>
    Child.start("bare", options);
  uses.push(await perStream("bare Node proxy", streams, bare));
  uses.push(await perStream("Headgate", streams, async (options) => (await startHeadgate(options)).child));
  return uses;
}

async function perWaiter(count: number): Promise<MemoryUse> {
  const model = await Child.start<ModelQuestions>("model", { upstreamPort: 0, capacity: 1 });
  const { child } = await startHeadgate({ upstreamPort: model.port, capacity: 1 });
  const before = await memoryBefore(child);
  const holder = await Connection.open(child.port);
  void holder.send(request("keep holder")).catch(() => {});
  const clients = await fill(child.port, count, () => request("answer", "background"));
  while ((await child.ask("waiting")) < count) await pause(LOOK_AGAIN_MS);
  const after = await child.ask("memory");
  for (const client of [holder, ...clients]) client.close();
  await child.close();
  await model.close();
  return { id: "Headgate", what: "waiter", count, ...growth(before, after, count) };
}

async function perStream(
  id: string,
  count: number,
  start: (options: { upstreamPort: number; capacity: number }) => Promise<Child<{ memory: Memory }>>,
): Promise<MemoryUse> {
  const model = await Child.start<ModelQuestions>("model", { upstreamPort: 0, capacity: count });
  const child = await start({ upstreamPort: model.port, capacity: count + 1 });
  const before = await memoryBefore(child);
  let begun = 0;
  const clients = await fill(
    child.port,
    count,
    () => request("hold"),
    () => begun++,
  );
  while (begun < count) await pause(LOOK_AGAIN_MS);
  const after = await child.ask("memory");
  for (const client of clients) client.close();
  await child.close();
  await model.close();
  return { id, what: "idle stream", count, ...growth(before, after, count) };
}

/** After some requests, so that what every process loads once counts for nobody. */
async function memoryBefore(child: Child<{ memory: Memory }>): Promise<Memory> {
  const client = await Connection.open(child.port);
  for (let sent = 0; sent < 50; sent++) await client.send(request("answer"));
  client.close();
  return child.ask("memory");
}

/** Opens connections and sends a request on each that will not be answered. */
async function fill(port: number, count: number, bytes: () => Buffer, onBody?: () => void): Promise<Connection[]> {
  const clients: Connection[] = [];
  while (clients.length < count) {
    const some = await Connection.openMany(port, Math.min(BATCH, count - clients.length));
    for (const client of some) {
      client.onBody = onBody;
      void client.send(bytes()).catch(() => {});
    }
    clients.push(...some);
  }
  return clients;
}

function growth(before: Memory, after: Memory, count: number): { heap: number; rss: number } {
  return { heap: (after.heap - before.heap) / count, rss: (after.rss - before.rss) / count };
}
