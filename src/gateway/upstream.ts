import { Pool } from "undici";
import type { RunName } from "../engines/cancel.ts";
import type { Capacity, Engine, OptIn, Probe, WaysOn } from "../engines/engine.ts";
import type { Health } from "../engines/engine-words.ts";
import { identifyServer } from "../engines/detect.ts";
import { HttpProbe } from "../engines/http-probe.ts";
import type { Ask, Proof } from "../engines/raw-resume.ts";
import { unknownEngine } from "../engines/unknown.ts";
import type { DialectName } from "../protocol/route.ts";
import type { JsonObject } from "../protocol/untrusted-json.ts";
import { WholeForm } from "../protocol/whole-form.ts";
import { connector } from "../relay/connector.ts";
import type { AbortWatchdog } from "./abort-watchdog.ts";
import type { ModelsConfig } from "./config/types.ts";
import { ForeignLoad } from "./foreign-load.ts";
import type { GateGroup } from "./gate-group.ts";

const MISSES_UNTIL_DOWN = 2;
const NOT_ASKED = "not known yet";
const BOTH_WAYS: WaysOn = { chat: true, raw: true };
/** A trial may have to read a long prompt first. */
const TRIAL_LIMIT_MS = 600_000;

export interface UpstreamOptions {
  readonly name: string;
  readonly url: URL;
  /** Replaces whatever the client sent as Authorization. */
  readonly apiKey: string | undefined;
  /** Overrides what the engine tells. */
  readonly capacity: number | undefined;
  readonly models: ModelsConfig;
  /** Whether its background steps aside; `undefined`: as the gateway's does. */
  readonly preempt: boolean | undefined;
  readonly optIn?: OptIn | undefined;
  readonly watchdog: AbortWatchdog;
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
  /** Down until it was reached. */
  health: Health = "down";
  capacity: Capacity = { slots: 1, source: NOT_ASKED };
  readonly group: GateGroup;
  readonly preempt: boolean | undefined;
  readonly watchdog: AbortWatchdog;
  /** The most tokens of a prompt and its answer, where it tells. */
  contextTokens: number | undefined;
  /** Models with which it would not go on where it had stopped, by the way it was asked to. */
  readonly #refused: Readonly<Record<keyof WaysOn, Set<string>>> = { chat: new Set(), raw: new Set() };
  /** By model: what its trial found, `undefined` when it failed. */
  readonly #proofs: Map<string, Proof | undefined> = new Map();
  readonly #optIn: OptIn | undefined;
  /** As the server told last; `undefined` when it does not tell. */
  #models: readonly string[] | undefined;
  readonly #rules: ModelsConfig;
  readonly #probe: Probe;
  readonly #configured: number | undefined;
  /** Of its whole answers, by dialect and model. */
  readonly #forms: Map<string, WholeForm> = new Map();
  #misses = 0;
  #waysOn: WaysOn | undefined;
  #others = new ForeignLoad();

  constructor(options: UpstreamOptions, group: GateGroup) {
    this.group = group;
    this.preempt = options.preempt;
    this.#optIn = options.optIn;
    this.watchdog = options.watchdog;
    this.#rules = options.models;
    this.name = options.name;
    this.url = options.url;
    this.apiKey = options.apiKey;
    this.#configured = options.capacity;
    this.#probe = new HttpProbe(options.url, options.apiKey);
    this.pool = new Pool(options.url.origin, {
      pipelining: 1,
      // A queued or long prompt sends nothing for minutes: only the connection attempt has a limit.
      connect: connector(10_000),
      headersTimeout: 0,
      bodyTimeout: 0,
      // llama-server closes idle connections after 5 s; sending into one that is closing would lose the request.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 4_000,
    });
  }

  /** How many requests it has that did not come through this gateway; `undefined` while that is not known. */
  get foreign(): number | undefined {
    return this.health === "ready" ? this.#others.requests : undefined;
  }

  /** Paths of requests are put below this: "" or "/prefix". */
  get basePath(): string {
    return this.url.pathname.replace(/\/+$/, "");
  }

  /** Whether it missed the last probe: to be asked again soon. */
  get doubtful(): boolean {
    return this.#misses > 0;
  }

  /** Whether it was ever reached. */
  get known(): boolean {
    return this.capacity.source !== NOT_ASKED;
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

  /** Whether an answer of `model` can be continued, as far as is known. */
  mayResume(model: string | undefined): boolean {
    return this.#waysOn?.chat !== false && !this.#refused.chat.has(model ?? "");
  }

  /** The same, as raw text. */
  mayResumeRaw(model: string | undefined): boolean {
    return this.#waysOn?.raw !== false && !this.#refused.raw.has(model ?? "");
  }

  /** It would not go on with an answer of `model`. */
  refusedToResume(model: string | undefined, way: keyof WaysOn): void {
    this.#refused[way].add(model ?? "");
  }

  /** Whether nobody has tried yet if answers of `model` can be gone on with as raw text. */
  unproven(model: string | undefined): boolean {
    return this.engine.rawResume?.prove !== undefined && !this.#proofs.has(model ?? "");
  }

  /** Tries it. What comes to nothing because the request has to make way is tried again by the next. */
  async prove(model: string | undefined, ask: Ask): Promise<void> {
    const unanswered: string[] = [];
    const proof = await this.engine.rawResume?.prove?.(async (path, body) => {
      const answer = await ask(path, body);
      if (answer === undefined) unanswered.push(path);
      return answer;
    }, model);
    if (proof !== undefined || unanswered.length === 0) this.#proofs.set(model ?? "", proof);
  }

  /** What the trial found, if it went well. */
  proofFor(model: string | undefined): Proof | undefined {
    return this.#proofs.get(model ?? "");
  }

  /** What whole answers of `model` are like, once one was seen. */
  formOf(dialect: DialectName, model: string | undefined): WholeForm | undefined {
    return this.#forms.get(`${dialect} ${model ?? ""}`);
  }

  /** A whole answer of `model` came, to a request for a single one. */
  sawWhole(dialect: DialectName, model: string | undefined, answer: JsonObject): void {
    if (this.formOf(dialect, model) === undefined) this.#forms.set(`${dialect} ${model ?? ""}`, new WholeForm(answer));
  }

  /** Asks the server something that may be work for the model: only for a request that has a permit, and runs nothing else. */
  async ask(path: string, body: object, signal: AbortSignal): ReturnType<Ask> {
    return new HttpProbe(this.url, this.apiKey, TRIAL_LIMIT_MS).post(path, body, signal);
  }

  /** The name for `asked` that the server knows. */
  modelFor(asked: string | undefined): string | undefined {
    const { alias, pin } = this.#rules;
    if (pin !== undefined) return pin;
    return asked === undefined ? undefined : (alias[asked] ?? asked);
  }

  /** Whether a model name that it does not list may be tried: where that cannot load something by surprise. */
  get takesAnyModel(): boolean {
    const { allow, pin } = this.#rules;
    return pin !== undefined || (allow === undefined && this.engine.loadsAnyModel !== true);
  }

  /** Asks the server how it is. Never rejects. */
  async refresh(): Promise<void> {
    // Asked again while unknown: a probe that took too long may have hidden what it is, and with it what must not be done to it.
    if (this.engine === unknownEngine) await this.#identify();
    const health = await this.engine.health(this.#probe);
    if (health === "down") return this.#missed();
    this.#misses = 0;
    this.health = health;
    if (health === "ready" || this.capacity.source === NOT_ASKED) await this.#learn();
  }

  async #identify(): Promise<void> {
    const engine = (await identifyServer(this.#probe)) ?? unknownEngine;
    this.engine = (this.#optIn && engine.optIn?.(this.#optIn)) ?? engine;
  }

  /** Asks the server how busy it is, where it tells. `own` says what can be ours of that. Never rejects. */
  async lookForOthers(own: () => number | undefined): Promise<void> {
    const before = own();
    const { engine } = this;
    const asks = this.health === "ready" && before !== undefined && (before > 0 || engine.loadOnlyBesideWork !== true);
    const told = asks ? await engine.load?.(this.#probe) : undefined;
    const after = own();
    this.#others.look(told, before === undefined || after === undefined ? undefined : Math.max(before, after));
  }

  /** A busy server may be slow to answer: one miss, or any while it is sending, is no proof that it is gone. */
  #missed(): void {
    this.#misses++;
    if (this.#misses < MISSES_UNTIL_DOWN || this.pool.stats.running > 0) return;
    this.unreachable();
  }

  /** Tells the server to stop a request whose connection was closed, where it would notice that late. */
  cancel(name: RunName): void {
    const call = this.engine.cancelling?.call(name);
    if (call !== undefined) void this.#probe.post(call.path, call.body);
  }

  /** A request met a closed port: known at once rather than at the next probe. */
  unreachable(): void {
    this.health = "down";
    // What comes back on this port may be another server.
    this.#waysOn = undefined;
    this.contextTokens = undefined;
    this.#refused.chat.clear();
    this.#refused.raw.clear();
    this.#proofs.clear();
    this.#forms.clear();
    this.engine = unknownEngine;
    this.#others = new ForeignLoad();
  }

  async close(): Promise<void> {
    this.watchdog.close();
    await this.pool.destroy();
  }

  async #learn(): Promise<void> {
    this.#waysOn ??= (await this.engine.waysOn?.(this.#probe)) ?? BOTH_WAYS;
    this.contextTokens = (await this.engine.contextTokens?.(this.#probe)) ?? this.contextTokens;
    this.#models = (await this.engine.models(this.#probe)) ?? this.#models;
    const told = this.#configured === undefined ? await this.engine.capacity(this.#probe) : undefined;
    if (this.#configured !== undefined) this.capacity = { slots: this.#configured, source: "configured" };
    else this.capacity = told ?? { slots: 1, source: "assumed; this server does not tell" };
  }
}
