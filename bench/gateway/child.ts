/** One server in a process of its own: `node --expose-gc child.ts ROLE OPTIONS`. It ends when its parent does. */
import type { ChildServer, StartOptions } from "./servers/child-server.ts";

/** Nothing of another server is loaded, compiled or left in the heap. */
const ROLES: Readonly<Record<string, () => Promise<{ start(options: StartOptions): Promise<ChildServer> }>>> = {
  model: () => import("./servers/model.ts"),
  bare: () => import("./servers/bare.ts"),
  headgate: () => import("./servers/headgate.ts"),
};

const [role = "", options = "{}"] = process.argv.slice(2);
const module = await ROLES[role]!();
const server = await module.start(JSON.parse(options) as StartOptions);
process.on("message", (question: string) => process.send!({ answer: server.answer(question) }));
process.on("disconnect", () => process.exit());
process.send!({ port: server.port });
