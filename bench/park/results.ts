import type { Environment } from "../common/environment.ts";
import type { Missing } from "../common/present.ts";
import type { Account } from "./account.ts";
import type { Parks } from "../../src/cli/bench/parks.ts";
import type { Effort } from "./plan.ts";

/** What `--json` writes and `--from` reads. */
export interface Results {
  readonly schema: 2;
  readonly environment: Environment;
  readonly effort: Effort;
  /** Which model server, in words. */
  readonly server: string;
  /** Ways that could not take part, and why. */
  readonly missing: readonly Missing[];
  readonly field: Field;
  /** Engines and clients where stepping aside means to begin anew, or to be asked for the answer whole. */
  readonly restarts: readonly (Field & { readonly clients: string })[];
}

/** What was measured together: the same arrivals for every row of a load. */
export interface Field {
  /** Of one request of a person's that has the slot to itself. */
  readonly serviceMs: number;
  /** Tokens that the background gets in a second when nobody else comes. */
  readonly alonePerSecond: number;
  readonly loads: readonly Load[];
}

export interface Load {
  /** The share of the slot's time that people are to take, and that those who came did take. */
  readonly share: number;
  readonly tookShare: number;
  readonly perSecond: number;
  readonly requests: number;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly id: string;
  readonly firstToken: FirstToken | null;
  /** The background's tokens over what it could have had in the time that people left; `null` without background. */
  readonly kept: number | null;
  /** By the model server's records or else by the gateway's metrics; `null` where there are neither. */
  readonly parks: Parks | null;
  /** `null` where the model server keeps no records. */
  readonly account: Account | null;
  /** Background answers that were compared with the uninterrupted one, and those that were not the same. */
  readonly compared: number;
  readonly wrong: number;
}

/** From the sending of a request to the first piece of content. */
export interface FirstToken {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** @throws {TypeError} when `text` is no results file of this benchmark. */
export function parseResults(text: string): Results {
  const parsed: unknown = JSON.parse(text);
  const isOurs = typeof parsed === "object" && parsed !== null && "field" in parsed && "restarts" in parsed;
  if (!isOurs || (parsed as Partial<Results>).schema !== 2) {
    throw new TypeError("not a results file of bench/park (schema 2)");
  }
  return parsed as Results;
}
