import type { Clock, Gate } from "../../gate/index.ts";
import type { GatewayConfig } from "../config/types.ts";
import type { RequestObserver } from "../request-log.ts";
import type { RequestRecord } from "../request-record.ts";
import { GateHistory } from "./gate-history.ts";
import { Warnings } from "./warnings.ts";

/** A request that is over, and its number among all of them. */
export interface Ended {
  readonly record: RequestRecord;
  readonly sequence: number;
}

/** Requests that are over and still shown. */
const KEPT = 200;

/**
 * The last minutes, for whoever opens the dashboard only now: bounded, and cheap enough to be kept also while nobody looks.
 */
export class History implements RequestObserver {
  readonly warnings: Warnings = new Warnings();
  readonly #clock: Pick<Clock, "now">;
  readonly #config: () => GatewayConfig;
  readonly #gates = new Map<string, GateHistory>();
  readonly #ended: Ended[] = [];
  #sequence = 0;

  constructor(clock: Pick<Clock, "now">, config: () => GatewayConfig) {
    this.#clock = clock;
    this.#config = config;
  }

  /** By the name of the gate. */
  get gates(): ReadonlyMap<string, GateHistory> {
    return this.#gates;
  }

  /** The last requests that had to do with a gate, in the order in which they ended. */
  get ended(): readonly Ended[] {
    return this.#ended;
  }

  /** To be called once for every gate. */
  watch(gate: Gate): void {
    const isForeground = (priority: number): boolean => priority <= this.#config().queue.foregroundUpTo;
    this.#gates.set(gate.name, new GateHistory(gate, this.#clock, isForeground));
    this.warnings.watch(gate);
  }

  closed(record: RequestRecord): void {
    const { gate, priority, firstTokenAt, arrivedAt } = record;
    if (gate === undefined || priority === undefined) return;
    if (firstTokenAt !== undefined) this.#gates.get(gate)?.firstToken(priority, firstTokenAt - arrivedAt);
    this.#sequence += 1;
    this.#ended.push({ record, sequence: this.#sequence });
    // In blocks: to move two hundred for each that ends would be seen.
    if (this.#ended.length >= 2 * KEPT) this.#ended.splice(0, this.#ended.length - KEPT);
  }
}
