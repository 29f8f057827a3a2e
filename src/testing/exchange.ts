import type { Ask } from "./ask.ts";
import { HangUp } from "./hang-up.ts";
import { hadResult, type Host } from "./host.ts";
import type { Output } from "./output.ts";
import { Run, type Work } from "./run.ts";
import type { Outcome, Phase, Served } from "./served.ts";
import type { Seat } from "./slots.ts";

export interface ExchangeOptions {
  readonly order: number;
  /** What the engine's own cancel route knows it by. */
  readonly name: string | undefined;
  /** What the model must be bound to; undefined for whatever it is. */
  readonly modelKey: string | undefined;
  /** Undefined for work that generates nothing. */
  readonly ask: Ask | undefined;
  /** Hang-ups are never noticed. */
  readonly deaf: boolean;
  /** Drops the connection. */
  cut(): void;
  /** Knows that its client is gone. */
  lose(): void;
  writable(go: () => void): boolean;
  /** Called once, when the request has left the engine. */
  over(): void;
}

/**
 * One request on its way through the engine:
 *
 *     queued ──▶ prefill ──▶ decode ──▶ over
 *        └──────────┴───────────┴── cancelled: the engine noticed that its client is gone, or was told to stop
 *
 * A hang-up changes nothing by itself. When and whether the engine notices depends on its manners and the phase; until then the work
 * goes on and keeps its slot.
 */
export class Exchange implements Seat, Work {
  readonly id: number;
  readonly order: number;
  readonly name: string | undefined;
  readonly served: Served;
  readonly batchTokens: number;
  readonly decodes: boolean;
  loadMs = 0;
  prefillTokens = 0;
  readonly #host: Host;
  readonly #output: Output;
  readonly #options: ExchangeOptions;
  readonly #hangUp: HangUp;
  readonly #run: Run;
  #slot: number | undefined;
  #gone = false;

  constructor(host: Host, served: Served, output: Output, options: ExchangeOptions) {
    this.id = served.id;
    this.order = options.order;
    this.name = options.name;
    this.served = served;
    this.batchTokens = host.batchTokens;
    this.decodes = output.decodes;
    this.#host = host;
    this.#output = output;
    this.#options = options;
    this.#hangUp = new HangUp(host.shop.clock, host.results, () => this.cancel());
    this.#run = new Run(this, host.shop);
  }

  enter(): void {
    this.#phase("queued");
    this.#output.arrived();
    this.#host.slots.enter(this);
    if (this.#slot === undefined && this.served.phase === "queued") this.#host.stages.reach(this.served, "queued");
  }

  /** The client hung up. */
  clientGone(): void {
    if (this.#gone || this.served.phase === "over") return;
    this.#gone = true;
    this.#options.lose();
    this.#host.stages.reach(this.served, "hung-up");
    this.#host.ledger.leave(this.served);
    this.#hangUp.happened();
  }

  /** The engine wants it to stop: at the next boundary, or now if it has no slot. */
  cancel(): void {
    if (this.served.phase === "over") return;
    if (this.#slot !== undefined) {
      this.#run.cancel();
      return;
    }
    this.#host.slots.withdraw(this);
    if (!this.#gone) this.#output.cancelled();
    this.#over(this.#gone ? "aborted" : "broken");
  }

  /** The server goes down. */
  kill(): void {
    if (this.served.phase === "over") return;
    this.#options.cut();
    this.#options.lose();
    if (this.#slot !== undefined) {
      this.#run.kill();
      return;
    }
    this.#host.slots.withdraw(this);
    this.#over("broken");
  }

  granted(slot: number): void {
    this.#slot = slot;
    this.served.slot = slot;
    this.#phase("prefill");
    this.#host.stages.reach(this.served, "started");
    this.loadMs = this.#load();
    this.prefillTokens = this.#output.seated(slot);
    this.#run.start();
  }

  prefilled(done: number): void {
    if (!this.#output.prefilled(done)) return;
    hadResult(this.#host);
    this.#hangUp.wrote();
  }

  decoding(): void {
    this.#output.decoding();
    this.#phase("decode");
  }

  token(): boolean {
    const { more, wrote } = this.#output.token();
    if (this.served.tokens > 0 && this.served.at["first-token"] === undefined) {
      this.#host.stages.reach(this.served, "first-token");
    }
    if (wrote) {
      hadResult(this.#host);
      this.#hangUp.wrote();
    }
    return more;
  }

  writable(go: () => void): boolean {
    return !this.#output.stalls() && this.#options.writable(go);
  }

  ended(cancelled: boolean): void {
    const slot = this.#slot!;
    if (!cancelled) this.#output.finish();
    else if (!this.#gone) this.#output.cancelled();
    const outcome = this.#outcome(cancelled);
    const { cache, slots, stages, manners, view } = this.#host;
    cache.keep(slot, this.#output.text, cancelled);
    hadResult(this.#host);
    this.#over(outcome);
    if (outcome === "aborted" && this.#output.streaming && manners.leaks(view)) {
      slots.leak(slot);
      return;
    }
    stages.reach(this.served, "freed");
    slots.leave(slot);
  }

  #phase(phase: Phase): void {
    this.served.phase = phase;
    const { ask, deaf } = this.#options;
    this.#hangUp.enter(deaf ? { by: "never" } : this.#host.manners.notice(phase, this.served, ask));
  }

  #load(): number {
    const { modelKey } = this.#options;
    if (modelKey === undefined || modelKey === this.#host.modelKey) return 0;
    this.#host.modelKey = modelKey;
    this.#host.loads += 1;
    return this.#host.shop.timing.loadMs;
  }

  #outcome(cancelled: boolean): Outcome {
    if (this.#output.broken || (cancelled && !this.#gone)) return "broken";
    if (!this.#gone) return "answered";
    return cancelled ? "aborted" : "unread";
  }

  #over(outcome: Outcome): void {
    this.served.phase = "over";
    this.served.outcome = outcome;
    this.#hangUp.stop();
    this.#host.ledger.leave(this.served);
    this.#options.over();
    this.#host.stages.reach(this.served, "ended");
  }
}
