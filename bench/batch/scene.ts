import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../gateway/child-process.ts";
import type { HeadgateQuestions } from "../gateway/servers/headgate.ts";
import type { ModelQuestions } from "../gateway/servers/model.ts";
import type { Task } from "../gateway/requests.ts";
import { BatchClient } from "./batch-client.ts";

/** A gateway with a data directory of its own, in front of a model server of its own. */
export interface Scene {
  readonly folder: string;
  readonly model: Child<ModelQuestions>;
  readonly gateway: Child<HeadgateQuestions>;
  readonly client: BatchClient;
}

/** `task` is what the model server does for each line. Everything is gone when `use` is over. */
export async function withScene<Result>(
  { capacity, task }: { readonly capacity: number; readonly task: Task },
  use: (scene: Scene) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (folder) => {
    const model = await Child.start<ModelQuestions>("model", { upstreamPort: 0, capacity, task });
    try {
      const data = join(folder, "data");
      const gateway = await Child.start<HeadgateQuestions>("headgate", { upstreamPort: model.port, capacity, data });
      try {
        return await use({ folder, model, gateway, client: new BatchClient(gateway.port) });
      } finally {
        await gateway.close();
      }
    } finally {
      await model.close();
    }
  });
}

/** On the disk of the machine's temporary files: what a commit costs is a matter of that disk. */
export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
