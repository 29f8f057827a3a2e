import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerView } from "./call.ts";
import { Faults, type Fault, type FaultScope } from "./faults.ts";
import { hadResult, type Host } from "./host.ts";
import { Ledger, type OverCapacity } from "./ledger.ts";
import { MANNERS } from "./manners/all.ts";
import { type ModelServerOptions, type ResolvedOptions, resolveOptions, type SimulatedEngine } from "./options.ts";
import { PromptCache } from "./prompt-cache.ts";
import { Reception } from "./reception.ts";
import type { ServedRequest, Stage } from "./served.ts";
import { Slots } from "./slots.ts";
import { Stages, type Which } from "./stages.ts";
import { Turnstile } from "./turnstile.ts";

/**
 * Starts a simulated model server on a free loopback port: one engine's routes, wire formats, errors, slots, queue, prompt cache and
 * ways to notice a hang-up, with a model that always gives the same answer to the same request and goes on exactly where a cut
 * answer stopped.
 *
 * It computes nothing and takes no time unless told to (`timing`). Close it, or declare it with `await using`.
 *
 * @throws {RangeError} synchronously, naming the option and its value.
 * @returns The server, listening.
 */
export function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  return ModelServer.start(resolveOptions(options));
}

/** A running simulated model server, and what tests do to it. */
export class ModelServer implements AsyncDisposable {
  readonly engine: SimulatedEngine;
  readonly port: number;
  /** Without a slash at the end. */
  readonly url: string;
  /** The first of its models. */
  readonly model: string;
  readonly #options: ResolvedOptions;
  readonly #server: Server;
  readonly #host: Host;
  readonly #reception: Reception;
  #loading: boolean;
  #closed: Promise<void> | undefined;

  private constructor(options: ResolvedOptions, server: Server) {
    const { address, port } = server.address() as AddressInfo;
    this.engine = options.engine;
    this.port = port;
    this.url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
    this.#options = options;
    this.#server = server;
    this.#loading = options.loading;
    this.#host = this.#newHost();
    this.model = this.#host.view.models[0]!;
    this.#reception = new Reception(this.#host);
    server.on("request", (request, response) => this.#reception.receive(request, response));
  }

  /** @internal */
  static async start(options: ResolvedOptions): Promise<ModelServer> {
    const server = createServer({ requestTimeout: 0, noDelay: true });
    server.listen(options.port, options.host);
    await once(server, "listening");
    return new ModelServer(options, server);
  }

  /** Requests that want or hold a slot and whose client has not hung up. */
  get live(): number {
    return this.#host.ledger.live;
  }

  /** The most that ever were live at a time; a hang-up that came before another request is not held against that request. */
  get maxLive(): number {
    return this.#host.ledger.maxLive;
  }

  /** Every moment at which more were live than there are slots. */
  get overCapacity(): readonly OverCapacity[] {
    return this.#host.ledger.excesses;
  }

  /** Every request since the start, in order of arrival (`ModelServerOptions.remember` newest, if that is set). */
  get served(): readonly ServedRequest[] {
    return this.#host.stages.served;
  }

  /** Slots in use, leaked ones among them; and requests in the engine's own line. */
  get slots(): { readonly busy: number; readonly leaked: number; readonly waiting: number } {
    const { busy, leaked, waiting } = this.#host.slots;
    return { busy, leaked, waiting };
  }

  /** How often a model was loaded for a request. */
  get loads(): number {
    return this.#host.loads;
  }

  /** Whether it loads its model: then a llama-server answers 503 on every path. To other engines it means nothing. */
  get loading(): boolean {
    return this.#loading;
  }

  set loading(loading: boolean) {
    this.#loading = loading;
  }

  /**
   * Resolves with the first request that has come so far, now or later. `which` is the number of one (1 for the first that arrived),
   * or picks any that fits. Rejects when the server closes.
   */
  when(stage: Stage, which?: Which): Promise<ServedRequest> {
    return this.#host.stages.when(stage, which);
  }

  /** Every answer stops before its next token. */
  pauseTokens(): void {
    this.#host.shop.tokens.hold();
  }

  /**
   * Lets so many tokens through while they are paused: for one request by its number, else for each in a slot. The end of an answer that
   * no limit ended takes a step of its own. Resolves when they were written.
   *
   * @throws {Error} if no request is there to take a step.
   */
  async step(tokens = 1, id?: number): Promise<void> {
    await this.#step(this.#host.shop.tokens, tokens, id);
  }

  resumeTokens(): void {
    this.#host.shop.tokens.open();
  }

  /** No prompt is read on behind the current batch. */
  pausePrefill(): void {
    this.#host.shop.batches.hold();
  }

  /** Lets so many batches through, as {@link step} does tokens. */
  async stepPrefill(batches = 1, id?: number): Promise<void> {
    await this.#step(this.#host.shop.batches, batches, id);
  }

  resumePrefill(): void {
    this.#host.shop.batches.open();
  }

  /** Lets something go wrong with the next request that wants a slot, or as `scope` says. Returns a function that takes it back. */
  fail(fault: Fault, scope?: FaultScope): () => void {
    return this.#host.faults.add(fault, scope);
  }

  /** Gives leaked slots back. */
  repairSlots(): void {
    this.#host.slots.repair();
  }

  /** Crashes: connections are refused from now on, those that were open are gone, and everything is forgotten but the records. */
  async goDown(): Promise<void> {
    this.#crash();
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** Listens again, on the same port. */
  async comeBack(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.port, this.#options.host);
    await once(this.#server, "listening");
  }

  /** Ends everything. With `strict`, rejects if ever more requests were live than there are slots. Closing twice is harmless. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#host.ledger.settled();
    await this.goDown();
    this.#host.stages.close();
    if (this.#options.strict && this.overCapacity.length > 0) throw new Error(excessMessage(this.overCapacity));
  }

  #crash(): void {
    this.#reception.kill();
    this.#host.slots.repair();
    this.#host.cache.clear();
    this.#host.modelKey = undefined;
  }

  async #step(turnstile: Turnstile, steps: number, id: number | undefined): Promise<void> {
    const ids = id === undefined ? this.#host.view.running.map((request) => request.id) : [id];
    if (ids.length === 0) throw new Error("no request is in a slot, so there is nothing to step");
    await Promise.all(ids.map((each) => turnstile.step(each, steps)));
  }

  #newHost(): Host {
    const options = this.#options;
    const manners = MANNERS[options.engine];
    const { clock, batchTokens = manners.batchTokens, promptCache = manners.cache.keeps, timing } = options;
    const slots = new Slots(options.slots);
    return {
      manners,
      view: this.#view(slots, options.models ?? [manners.model]),
      slots,
      cache: new PromptCache({ ...manners.cache, keeps: promptCache }),
      shop: { clock, timing: { ...manners.timing, ...timing }, batches: new Turnstile(), tokens: new Turnstile() },
      batchTokens,
      ledger: new Ledger(options.slots),
      stages: new Stages(clock, options.remember),
      faults: new Faults(),
      results: new Set(),
      modelKey: undefined,
      loads: 0,
    };
  }

  #view(slots: Slots, models: readonly string[]): ServerView {
    const loading = (): boolean => this.#loading;
    const exchanges = (): Reception["exchanges"] => this.#reception.exchanges;
    const host = (): Host => this.#host;
    return {
      options: this.#options,
      models,
      slots,
      get loading() {
        return loading();
      },
      get running() {
        return exchanges().flatMap(({ served }) => (served.slot === undefined ? [] : [served]));
      },
      cancel(which) {
        const meant = exchanges().filter(({ served, name }) => which(served, name));
        for (const exchange of meant) exchange.cancel();
        return meant.length;
      },
      get modelKey() {
        return host().modelKey;
      },
      load(modelKey) {
        if (modelKey !== undefined && modelKey !== host().modelKey) host().loads += 1;
        host().modelKey = modelKey;
      },
      hadResult: () => hadResult(host()),
    };
  }
}

function excessMessage(excesses: readonly OverCapacity[]): string {
  const [{ request, live, capacity }] = excesses as [OverCapacity, ...OverCapacity[]];
  const others = live.filter((other) => other !== request).map(({ id, url }) => `${id} (${url})`);
  const times = excesses.length === 1 ? "once" : `${excesses.length} times`;
  return (
    `more requests were live than the ${capacity} slots of the model server, ${times}; ` +
    `first request ${request.id} (${request.method} ${request.url}) beside ${others.join(", ")}`
  );
}
