import { identifyServer } from "../../engines/detect.ts";
import { HttpProbe } from "../../engines/http-probe.ts";
import { isLoopbackHost } from "../../gateway/config/loopback.ts";
import { findServers, instanceAt } from "../../gateway/discovery.ts";
import { startModelServer, type ModelServerOptions } from "../../testing/index.ts";
import { loadedModel } from "../doctor/loaded-model.ts";
import type { Target } from "./target.ts";

export interface Wanted {
  readonly url: URL | undefined;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
  readonly force: boolean;
}

/** Why nothing is measured, and what to do, in words. */
export class NotMeasured extends Error {
  override readonly name = "NotMeasured";
}

/**
 * The server to measure, which nobody else uses as far as it tells.
 *
 * @throws {NotMeasured}
 */
export async function openTarget(wanted: Wanted): Promise<Target> {
  const url = wanted.url ?? (await onlyServer());
  const probe = new HttpProbe(url, wanted.apiKey);
  if ((await instanceAt(url)) !== undefined) {
    throw new NotMeasured(`${url.origin} is Headgate itself: name the model server behind it`);
  }
  const engine = await identifyServer(probe);
  if (engine === undefined) throw new NotMeasured(`no model server answers at ${url.origin}: is it running?`);
  const health = await engine.health(probe);
  if (health !== "ready") throw new NotMeasured(`the server at ${url.origin} is ${health}: try again once it is ready`);
  const choice = wanted.model === undefined ? await loadedModel(engine, probe) : { model: wanted.model };
  if ("none" in choice) throw new NotMeasured(choice.none);
  const load = async (): Promise<number | undefined> => engine.load?.(probe);
  if (!wanted.force) await refuseToDisturb(url, await load());
  return {
    url,
    apiKey: wanted.apiKey,
    engine,
    model: choice.model,
    slots: (await engine.capacity(probe))?.slots ?? 1,
    load,
    simulated: undefined,
  };
}

/** A simulated server with the manners of llama-server. Close `simulated` when done. */
export async function openSimulated(options: ModelServerOptions): Promise<Target> {
  const simulated = await startModelServer(options);
  const url = new URL(simulated.url);
  const engine = await identifyServer(new HttpProbe(url, undefined));
  const load = (): Promise<number> => Promise.resolve(simulated.live);
  return { url, apiKey: undefined, engine: engine!, model: simulated.model, slots: 1, load, simulated };
}

async function refuseToDisturb(url: URL, load: number | undefined): Promise<void> {
  if (load !== undefined && load > 0) {
    const requests = load === 1 ? "1 request of somebody else is" : `${load} requests of others are`;
    throw new NotMeasured(
      `${requests} at ${url.origin}: a full load for minutes would be in their way, and they in ours; ` +
        "try again when it is idle, or with --force",
    );
  }
  if (load === undefined && !isLoopbackHost(url.hostname.replace(/^\[|\]$/g, ""))) {
    throw new NotMeasured(
      `${url.origin} does not tell whether others use it, and is not this machine: make sure that nobody needs it ` +
        "for some minutes, then say --force",
    );
  }
}

async function onlyServer(): Promise<URL> {
  const found = await findServers(new Set());
  const [only, ...others] = found;
  if (only === undefined) {
    throw new NotMeasured(
      "no model server was found on the usual ports: name one with --upstream http://127.0.0.1:8080, or try --simulate",
    );
  }
  if (others.length === 0) return only.url;
  const list = found.map(({ url, engine }) => `${url.origin} (${engine.title})`).join(", ");
  throw new NotMeasured(`there are several: ${list}; name one with --upstream`);
}
