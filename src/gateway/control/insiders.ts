import type { GateSnapshot } from "../../gate/index.ts";
import type { GateGroup } from "../gate-group.ts";
import type { RequestRecord } from "../request-record.ts";
import { isPermit, type AtGate } from "./request-view.ts";

/** Somebody inside the gateway: as the gateway knows him, as his gate sees him, or both. */
export type Insider =
  | { readonly record: RequestRecord; readonly at?: Place }
  /** Of a program that uses the gate by itself. */
  | { readonly record?: undefined; readonly at: Place };

/** Where somebody is who holds or waits. */
export interface Place {
  readonly group: GateGroup;
  readonly seen: AtGate;
}

/** A gate with everyone at it at one moment. */
export interface Crowd {
  readonly group: GateGroup;
  readonly snapshot: GateSnapshot;
}

/**
 * Finds the records of those at the gates. One pass over all, light enough for ten thousand: what is shown of whom is made afterwards,
 * for those who are shown.
 */
export class Insiders {
  readonly #live: ReadonlyMap<string, RequestRecord>;
  readonly #permits = new Map<string, RequestRecord>();

  constructor(live: ReadonlyMap<string, RequestRecord>) {
    this.#live = live;
    for (const record of live.values()) {
      if (isPermit(record)) this.#permits.set(`${record.gate} ${record.gateId}`, record);
    }
  }

  /** First those who hold, oldest first; then those who wait, the next first; then those at no gate. */
  all(crowds: readonly Crowd[]): readonly Insider[] {
    const atGates = new Set<RequestRecord>();
    const insiders: Insider[] = [];
    const add = (group: GateGroup, crowd: readonly AtGate[]): void => {
      for (const seen of crowd) {
        const record = this.recordOf(group, seen);
        if (record !== undefined) atGates.add(record);
        insiders.push({ record, at: { group, seen } });
      }
    };
    for (const { group, snapshot } of crowds) add(group, snapshot.holders);
    for (const { group, snapshot } of crowds) add(group, snapshot.waiters);
    for (const record of this.#live.values()) if (!atGates.has(record)) insiders.push({ record });
    return insiders;
  }

  /**
   * A permit goes by what the gate calls it, because its label is what its client wants, be it the id of somebody else. The label of
   * anything else is the id of the request.
   */
  recordOf({ gate: { name } }: GateGroup, { id, label = "" }: AtGate): RequestRecord | undefined {
    const permit = this.#permits.get(`${name} ${id}`);
    if (permit !== undefined) return permit;
    const record = this.#live.get(label);
    return record?.gate === name && (record.gateId ?? id) === id ? record : undefined;
  }
}
