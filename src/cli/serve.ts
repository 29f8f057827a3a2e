import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { AwakeClock } from "../gateway/awake-clock.ts";
import { ConfigError } from "../gateway/config/config-error.ts";
import { loadConfig, type LoadedConfig } from "../gateway/config/load-config.ts";
import { instanceAt } from "../gateway/discovery.ts";
import { Gateway } from "../gateway/gateway.ts";
import { createLog } from "../gateway/log.ts";
import { dataDirectory } from "../store/data-directory.ts";
import { banner, found } from "./banner.ts";
import { EX_CONFIG, EX_UNAVAILABLE } from "./exit-codes.ts";
import { ForegroundHint } from "./foreground-hint.ts";
import { caffeinate, KeepAwake } from "./keep-awake.ts";
import { ServerSearch } from "./server-search.ts";

/** One gateway until a signal ends it. */
export async function serve(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const load = (): LoadedConfig => loadConfig({ flags, environment: process.env });
  const loaded = loadOrExplain(load);
  if (loaded === undefined) return forLaunchd(flags);
  const config = { ...loaded.config, data: loaded.config.data ?? usualData() };
  const log = createLog(config.log);
  for (const warning of loaded.warnings) log.warn(warning);
  const clock = new AwakeClock((asleepMs) => {
    log.info({ asleepMs: Math.round(asleepMs) }, "the machine slept; that was no waiting time");
    gateway.upstreams.recheckAll();
  });
  const gateway: Gateway = new Gateway({ config, log, clock });
  const search = new ServerSearch(gateway, config.simulate, (upstream) =>
    process.stdout.write(found(upstream, gateway.config.preempt.enabled)),
  );
  gateway.requests.follow(new ForegroundHint(config.queue.foregroundUpTo, (text) => process.stdout.write(text)));
  await Promise.all(config.upstreams.map((upstream) => gateway.addUpstream(upstream)));
  const discovers = config.discover ?? config.upstreams.length === 0;
  if (discovers) await search.first();
  const addresses = await gateway.listen().catch((error: unknown) => explainListen(error));
  if (addresses === undefined) return search.close();
  if (await isItsOwnUpstream(gateway)) return forLaunchd(flags);
  if (discovers) search.keepLooking(addresses.map(({ port }) => port));
  // Before anybody is told that it runs, and may want to change or end it.
  process.on("SIGHUP", () => reload(gateway, load));
  const signal = nextSignal();
  process.stdout.write(banner(addresses.map(urlOf), gateway.upstreams.all, search.simulating, config.preempt.enabled));
  const awake = flags["keepAwake"] === true ? keepAwake(gateway) : undefined;
  await signal;
  await endService(gateway, search);
  awake?.close();
}

/** launchd starts again whatever ends with a failure. A wrong configuration is one that no new start mends. */
function forLaunchd(flags: Readonly<Record<string, unknown>>): void {
  if (flags["launchd"] !== true) return;
  process.stderr.write("headgate: not started again by itself; correct it, then: headgate service install\n");
  process.exitCode = 0;
}

function keepAwake(gateway: Gateway): KeepAwake | undefined {
  const begin = caffeinate(process.platform);
  if (begin === undefined) {
    gateway.log.warn("--keep-awake has an effect on macOS only");
    return undefined;
  }
  const isBusy = (): boolean => gateway.gates.all.some(({ gate }) => gate.held + gate.waiting > 0);
  return new KeepAwake(isBusy, begin, gateway.clock);
}

function usualData(): string {
  return dataDirectory(process.platform, process.env, homedir());
}

/** Undefined when the configuration is wrong, and everything that is was said. */
function loadOrExplain(load: () => LoadedConfig): LoadedConfig | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`headgate: the configuration cannot be used\n${indented(error.message)}\n`);
    process.exitCode = error.exitCode;
    return undefined;
  }
}

function explainListen(error: unknown): undefined {
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  const why =
    code === "EADDRINUSE"
      ? `another program listens on ${address}:${port}; is Headgate running already? Choose another with --port`
      : `cannot listen: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`headgate: ${why}\n`);
  process.exitCode = EX_UNAVAILABLE;
}

async function isItsOwnUpstream(gateway: Gateway): Promise<boolean> {
  for (const upstream of gateway.upstreams.all) {
    if ((await instanceAt(upstream.url)) !== gateway.instance) continue;
    process.stderr.write(
      `headgate: upstream ${upstream.name} is this gateway itself; name the model server's address\n`,
    );
    process.exitCode = EX_CONFIG;
    await gateway.close();
    return true;
  }
  return false;
}

/** Takes over what can change while requests run. A wrong file changes nothing. */
function reload(gateway: Gateway, load: () => LoadedConfig): void {
  try {
    const { config } = load();
    const { changed, needRestart } = gateway.reconfigure({ ...config, data: config.data ?? usualData() });
    gateway.log.info({ changed }, "configuration reloaded");
    if (needRestart.length > 0) gateway.log.warn({ needRestart }, "these options change only at the next start");
  } catch (error) {
    gateway.log.error({ err: error }, "configuration not reloaded; the old one stays in force");
  }
}

/** Resolves once everybody was served, the limit passed, or a second signal came. */
async function endService(gateway: Gateway, search: ServerSearch): Promise<void> {
  const { shutdownMs } = gateway.config.limits;
  process.stdout.write(`Shutting down: running requests have ${shutdownMs / 1000} s. A second signal ends at once.\n`);
  await Promise.race([gateway.shutDown(shutdownMs), nextSignal().then(() => gateway.close())]);
  await search.close();
}

function nextSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const came = (): void => {
    for (const signal of signals) process.off(signal, came);
    resolve();
  };
  for (const signal of signals) process.on(signal, came);
  return promise;
}

function urlOf({ address, port, family }: AddressInfo): string {
  const host = address === "::" || address === "0.0.0.0" ? "localhost" : family === "IPv6" ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
