import type { Gate } from "../../gate/index.ts";

/** Something that an operator should know and that has no end of its own. */
export interface Warning {
  /** Counts up from 1. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: "starvation" | "leak" | "stuck";
  readonly gate: string;
  /** The request it is about, if it is about one. */
  readonly request?: string | undefined;
  readonly text: string;
}

/** More than this nobody reads. */
const KEPT = 20;

/** The last warnings, for the live view. The log has them all. */
export class Warnings {
  #last: readonly Warning[] = [];
  #count = 0;

  /** Oldest first. */
  get all(): readonly Warning[] {
    return this.#last;
  }

  add(warning: Omit<Warning, "id" | "at">): void {
    this.#count += 1;
    this.#last = [...this.#last, { id: this.#count, at: Date.now(), ...warning }].slice(-KEPT);
  }

  /** To be called once for every gate. */
  watch(gate: Gate): void {
    gate.on("starvation", ({ count, thresholdMs, oldest: { label }, gate: name }) => {
      const who = count === 1 ? "A request has" : `${count} requests have`;
      const text = `${who} waited more than ${Math.round(thresholdMs / 1000)} s.`;
      this.add({ kind: "starvation", gate: name, request: label, text });
    });
    gate.on("leak", ({ label, gate: name }) => {
      this.add({
        kind: "leak",
        gate: name,
        request: label,
        text: "A permit was lost and stays held; this is a defect.",
      });
    });
  }
}
