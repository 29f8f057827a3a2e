import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { systemClock, type Clock } from "../gate/index.ts";
import type { BatchService } from "../batch/batch-service.ts";
import { AbortWatchdog } from "./abort-watchdog.ts";
import { batchServiceOf, type BatchStore } from "./batches/batch-host.ts";
import { BodyBudget } from "./body-budget.ts";
import { diffConfig, takeOver, type ConfigChange } from "./config/diff-config.ts";
import type { GatewayConfig, ListenConfig, UpstreamConfig } from "./config/types.ts";
import { controlHandler, type Control } from "./control/control.ts";
import { Entry } from "./entry.ts";
import { GateGroups } from "./gate-groups.ts";
import { HeldPermits } from "./held-permits.ts";
import { History } from "./history/history.ts";
import { Hosts } from "./hosts.ts";
import { Keys } from "./keys.ts";
import { logGate, UnknownPriorities, UpstreamNews } from "./log-events.ts";
import { requestLines } from "./log-requests.ts";
import { Metrics } from "./metrics.ts";
import { optInOf } from "./opt-in.ts";
import { ownLoad } from "./own-load.ts";
import { RequestLog } from "./request-log.ts";
import { Retries } from "./retries.ts";
import { Upstream } from "./upstream.ts";
import { Upstreams } from "./upstreams.ts";

/** A header that is larger is refused with 431 by Node itself. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How late Node may notice that a client takes too long over its head. Its own default is half a minute. */
const MAX_CHECK_INTERVAL_MS = 5_000;

const STUCK =
  "the model server was told to stop a request and does not free its slot: nobody is asked to step aside there until the gateway " +
  "is started again; restart the model server, which may have lost a slot (ollama/ollama#17131), or raise preempt.freeWithinMs";

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Where files and batches are kept, instead of the data directory of the configuration. */
  readonly batchStore?: BatchStore;
  /** For the deadlines of batches and files, and their times. Unix milliseconds. */
  readonly wallNow?: () => number;
}

/** One running gateway: its listeners, its servers, its gates. */
export class Gateway implements Control {
  config: GatewayConfig;
  keys: Keys;
  hosts: Hosts;
  readonly upstreams: Upstreams;
  readonly gates: GateGroups;
  readonly bodies: BodyBudget;
  readonly requests: RequestLog;
  readonly heldPermits: HeldPermits = new HeldPermits();
  readonly retries: Retries;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly history: History;
  /** Undefined where there is no place to keep them: then `/v1/files` and `/v1/batches` belong to the model server. */
  readonly batches: BatchService | undefined;
  readonly instance: string = randomUUID();
  notReady: string | undefined = "starting";
  readonly #servers: Server[] = [];
  #entry: Entry | undefined;
  #closeControl: () => Promise<void> = async () => {};

  constructor({ config, log, clock = systemClock, batchStore, wallNow }: GatewayOptions) {
    this.config = config;
    this.log = log;
    this.clock = clock;
    this.requests = new RequestLog(clock);
    this.history = new History(clock, () => this.config);
    this.retries = new Retries(clock);
    this.keys = new Keys(config.keys);
    this.hosts = new Hosts(config.allowedHosts, config.allowedOrigins);
    this.bodies = new BodyBudget(config.limits.queuedBodyBytes);
    this.gates = new GateGroups(
      () => this.config,
      clock,
      ({ gate }) => {
        logGate(log, gate);
        this.metrics.watch(gate);
        this.history.watch(gate);
      },
    );
    const news = new UpstreamNews(log);
    this.upstreams = new Upstreams({
      onChange: (upstream) => {
        news.seen(upstream);
        this.gates.resize(this.upstreams.all);
      },
      own: (upstream) => ownLoad(this, upstream),
      clock,
    });
    this.metrics = new Metrics(this);
    for (const observer of [requestLines(log), this.metrics, this.history, new UnknownPriorities(log)])
      this.requests.follow(observer);
    this.batches = batchServiceOf(this, this.metrics.batches, { kept: batchStore, wallNow });
  }

  /** Takes a model server in. Resolves once it was asked for the first time, also when it is down. */
  async addUpstream(config: UpstreamConfig): Promise<Upstream> {
    const url = new URL(config.url);
    const { apiKey, capacity, models, preempt, resume, name = url.host } = config;
    const group = this.gates.of(config, url);
    const watchdog = this.#watchdogFor(name, group.gate.name);
    const optIn = resume && (await optInOf(resume, (why) => this.log.warn({ upstream: name }, why)));
    const upstream = new Upstream({ name, url, apiKey, capacity, models, preempt, optIn, watchdog }, group);
    await this.upstreams.add(upstream);
    return upstream;
  }

  #watchdogFor(upstream: string, gate: string): AbortWatchdog {
    return new AbortWatchdog({
      clock: this.clock,
      withinMs: this.config.preempt.freeWithinMs,
      onFreed: (afterMs) => this.metrics.freed(upstream, afterMs),
      onStuck: (waitedMs) => {
        this.log.warn({ upstream, waitedMs: Math.round(waitedMs) }, STUCK);
        this.history.warnings.add({ kind: "stuck", gate, text: `${upstream} did not free its slot after an abort.` });
      },
    });
  }

  /**
   * Takes over what can change while requests run; the rest stays as it was until the gateway is started again. Returns which
   * options differ, and which of them that is.
   */
  reconfigure(wanted: GatewayConfig): ConfigChange {
    const change = diffConfig(this.config, wanted);
    this.config = takeOver(this.config, wanted);
    this.keys = new Keys(this.config.keys);
    this.hosts = new Hosts(this.config.allowedHosts, this.config.allowedOrigins);
    this.log.level = this.config.log.level;
    return change;
  }

  /** Opens the listeners. Rejects, with everything closed again, when one cannot be opened. */
  async listen(): Promise<readonly AddressInfo[]> {
    const control = await controlHandler(this);
    this.#closeControl = () => control.close();
    const entry = new Entry(this, control);
    this.#entry = entry;
    try {
      const addresses = await Promise.all(this.config.listen.map((listen) => this.#open(entry, listen)));
      await this.batches?.start();
      return addresses;
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.notReady = undefined;
    }
  }

  /**
   * Takes no new work, lets running and waiting requests finish for at most `limitMs`, down to the last byte that their clients
   * read, then ends the rest. The listeners stay open meanwhile, so that late clients get a 503 with a `Retry-After` rather than
   * a refused connection.
   */
  async shutDown(limitMs: number): Promise<void> {
    this.notReady = "draining";
    // A line of a batch that is cut off now is asked again later: nobody waits for it, as people wait for the end of this.
    const batches = this.batches?.close();
    const drained = Promise.all(this.gates.all.map(({ gate }) => gate.drain()));
    const { promise: limit, resolve } = Promise.withResolvers<void>();
    const callOff = this.clock.after(limitMs, resolve, true);
    await Promise.race([drained.then(() => this.#entry?.allAnswered()), limit]);
    callOff();
    await batches;
    await this.close();
  }

  /** Ends everything at once. Clients see their connections close. */
  async close(): Promise<void> {
    await this.batches?.close();
    this.gates.close();
    // Before the connections are cut, so that a live view ends rather than breaks.
    await this.#closeControl();
    await this.upstreams.close();
    await Promise.all(this.#servers.map(closeServer));
    await this.bodies.close();
  }

  #open(entry: Entry, { host, port, priority }: ListenConfig): Promise<AddressInfo> {
    const server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: this.config.limits.headersTimeoutMs,
        connectionsCheckingInterval: Math.min(this.config.limits.headersTimeoutMs, MAX_CHECK_INTERVAL_MS),
        // A 100 MB prompt over a slow line takes its time; who sends nothing at all is caught by the head's limit.
        requestTimeout: 0,
        keepAliveTimeout: 65_000,
        noDelay: true,
      },
      (request, response) => entry.handle(request, response, { priority }),
    );
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve(server.address() as AddressInfo);
      });
    });
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
