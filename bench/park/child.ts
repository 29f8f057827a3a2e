/** The simulated model server in a process of its own: `node child.ts OPTIONS`. It ends when its parent does. */
import { startModelServer, type ModelServerOptions, type ServedRequest } from "../../src/testing/index.ts";
import { accountOf, type Run } from "./account.ts";
import type { Records } from "./model-process.ts";

const server = await startModelServer(JSON.parse(process.argv[2] ?? "{}") as ModelServerOptions);
process.on("message", () => process.send!(records()));
process.on("disconnect", () => process.exit());
process.send!({ port: server.port });

function records(): Records {
  return {
    tooMany: server.overCapacity.length,
    background: accountOf(server.served.flatMap(runOf)),
    peopleMs: server.served.flatMap(slotMsOf),
  };
}

function runOf({ promptTokens, cachedTokens, prompt, tokens }: ServedRequest): Run[] {
  const name = /background \d+ \d+:/.exec(prompt)?.[0];
  return name === undefined ? [] : [{ name, prompt, tokens, read: promptTokens - cachedTokens }];
}

/** For how long a person's request had the slot. */
function slotMsOf({ at, prompt }: ServedRequest): number[] {
  const { started, freed } = at;
  return started === undefined || freed === undefined || !/foreground \d+ \d+:/.test(prompt) ? [] : [freed - started];
}
