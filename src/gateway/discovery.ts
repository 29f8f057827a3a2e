import { identifyServer, KNOWN_SERVERS } from "../engines/detect.ts";
import type { Engine } from "../engines/engine.ts";
import { HttpProbe } from "../engines/http-probe.ts";
import { unknownEngine } from "../engines/unknown.ts";

/** A model server found on this machine. */
export interface Found {
  readonly url: URL;
  readonly engine: Engine;
}

/** Sent by every gateway with its health: neither this one nor another is a model server to be found. */
export const INSTANCE_HEADER = "X-Headgate-Instance";

/**
 * Looks for model servers on the ports that they usually take, on this machine alone. What is not recognised is left alone: not
 * everything on port 8080 is a model server.
 *
 * @param except - ports that need no look: the gateway's own, and those of servers already known.
 */
export async function findServers(except: ReadonlySet<number>): Promise<readonly Found[]> {
  const ports = KNOWN_SERVERS.map(({ port }) => port).filter((port) => !except.has(port));
  const found = await Promise.all(ports.map(look));
  return found.filter((server) => server !== undefined);
}

async function look(port: number): Promise<Found | undefined> {
  const url = new URL(`http://127.0.0.1:${port}`);
  if ((await instanceAt(url)) !== undefined) return undefined;
  const engine = await identifyServer(new HttpProbe(url, undefined));
  return engine === undefined || engine === unknownEngine ? undefined : { url, engine };
}

/** The instance id of the Headgate at `url`; `undefined` when what is there, if anything, is none. */
export async function instanceAt(url: URL): Promise<string | undefined> {
  const answer = await new HttpProbe(url, undefined).get("/health");
  return answer?.headers[INSTANCE_HEADER.toLowerCase()];
}
