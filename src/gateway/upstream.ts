import { Pool } from "undici";
import type { Capacity, Engine, Health, Probe } from "../engines/engine.ts";
import { identifyServer } from "../engines/detect.ts";
import { HttpProbe } from "../engines/http-probe.ts";
import { unknownEngine } from "../engines/unknown.ts";
import type { ModelsConfig } from "./config/types.ts";
import type { GateGroup } from "./gate-group.ts";

const NOT_ASKED = "not known yet";

export interface UpstreamOptions {
  readonly name: string;
  readonly url: URL;
  /** Replaces whatever the client sent as Authorization. */
  readonly apiKey: string | undefined;
  /** Overrides what the engine tells. */
  readonly capacity: number | undefined;
  readonly models: ModelsConfig;
}

/**
 * One model server: where it is, what it is, whether it is up. It starts as unknown and down, and learns by
 * {@link Upstream.refresh}; what it learnt stays while the server is away.
 */
export class Upstream {
  readonly name: string;
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly pool: Pool;
  engine: Engine = unknownEngine;
  health: Health = "down";
  capacity: Capacity = { slots: 1, source: NOT_ASKED };
  readonly group: GateGroup;
  /** As the server told last; `undefined` when it does not tell. */
  #models: readonly string[] | undefined;
  readonly #rules: ModelsConfig;
  readonly #probe: Probe;
  readonly #configured: number | undefined;
  #identified = false;

  constructor(options: UpstreamOptions, group: GateGroup) {
    this.group = group;
    this.#rules = options.models;
    this.name = options.name;
    this.url = options.url;
    this.apiKey = options.apiKey;
    this.#configured = options.capacity;
    this.#probe = new HttpProbe(options.url, options.apiKey);
    this.pool = new Pool(options.url.origin, {
      pipelining: 1,
      // A queued or long prompt sends nothing for minutes: only the connection attempt has a limit.
      connect: { timeout: 10_000 },
      headersTimeout: 0,
      bodyTimeout: 0,
      // llama-server closes idle connections after 5 s; sending into one that is closing would lose the request.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 4_000,
    });
  }

  /** Paths of requests are put below this: "" or "/prefix". */
  get basePath(): string {
    return this.url.pathname.replace(/\/+$/, "");
  }

  /** Whether it was ever reached. */
  get known(): boolean {
    return this.engine !== unknownEngine || this.capacity.source !== NOT_ASKED;
  }

  /** The names that clients may use: the last the server told, without those not allowed, with the aliases. */
  get models(): readonly string[] | undefined {
    const { allow, alias } = this.#rules;
    const served = allow ?? this.#models;
    return served === undefined ? undefined : [...Object.keys(alias), ...served];
  }

  /** Configured names and what they stand for. */
  get aliases(): readonly (readonly [alias: string, name: string])[] {
    return Object.entries(this.#rules.alias);
  }

  /** Whether the configuration lets a model of the server be used. */
  allows(name: string): boolean {
    return this.#rules.allow?.includes(name) ?? true;
  }

  /** Whether `model` is known to be served here, by name or alias. */
  serves(model: string): boolean {
    return this.models?.includes(model) === true;
  }

  /** The name for `asked` that the server knows. */
  modelFor(asked: string | undefined): string | undefined {
    const { alias, pin } = this.#rules;
    if (pin !== undefined) return pin;
    return asked === undefined ? undefined : (alias[asked] ?? asked);
  }

  /** Whether an unknown model name may be tried here: only where no list says what there is to have. */
  get takesAnyModel(): boolean {
    return this.#rules.allow === undefined || this.#rules.pin !== undefined;
  }

  /** Asks the server how it is. Never rejects. */
  async refresh(): Promise<void> {
    if (!this.#identified) {
      const engine = await identifyServer(this.#probe);
      if (engine === undefined) {
        this.health = "down";
        return;
      }
      this.engine = engine;
      this.#identified = true;
    }
    const health = await this.engine.health(this.#probe);
    const cameBack = this.health === "down" && health !== "down";
    this.health = health;
    if (health === "down") {
      // What comes back on this port may be another server.
      this.#identified = false;
      return;
    }
    if (health === "ready" || cameBack) await this.#learn();
  }

  /** A request met a closed port: known at once rather than at the next probe. */
  unreachable(): void {
    this.health = "down";
    this.#identified = false;
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  async #learn(): Promise<void> {
    this.#models = (await this.engine.models(this.#probe)) ?? this.#models;
    const told = this.#configured === undefined ? await this.engine.capacity(this.#probe) : undefined;
    if (this.#configured !== undefined) this.capacity = { slots: this.#configured, source: "configured" };
    else this.capacity = told ?? { slots: 1, source: "assumed; this server does not tell" };
  }
}
