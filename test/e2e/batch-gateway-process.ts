/** A gateway as a process of its own, to be killed: `node batch-gateway-process.ts UPSTREAM DATA`. Prints its port once it listens. */
import { pino } from "pino";
import { parseConfig } from "../../src/gateway/config/load-config.ts";
import { Gateway } from "../../src/gateway/gateway.ts";

const [upstream = "", data = ""] = process.argv.slice(2);
const config = parseConfig({ listen: [{ port: 0 }], upstreams: [{ url: upstream }], data });
const gateway = new Gateway({ config, log: pino({ level: "silent" }) });
await Promise.all(config.upstreams.map((server) => gateway.addUpstream(server)));
const [address] = await gateway.listen();
process.stdout.write(`${address!.port}\n`);
