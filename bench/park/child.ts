/** The simulated model server in a process of its own: `node child.ts OPTIONS`. It ends when its parent does. */
import { startModelServer, type ModelServerOptions } from "../../src/testing/index.ts";

const server = await startModelServer(JSON.parse(process.argv[2] ?? "{}") as ModelServerOptions);
process.on("message", () => process.send!({ tooMany: server.overCapacity.length }));
process.on("disconnect", () => process.exit());
process.send!({ port: server.port });
