import type { Lane } from "./lane.ts";
import type { Parks } from "./parks.ts";
import type { WayName } from "./place.ts";
import { quantile } from "./statistics.ts";
import type { Alone } from "./warm-up.ts";
import type { BackgroundName, PeopleName } from "./workloads.ts";

/** What `--json` writes. Members may be added; `version` changes when one is taken away or means something else. */
export interface BenchResults {
  readonly format: "headgate-bench";
  readonly version: 1;
  readonly headgate: string;
  /** In ISO 8601. */
  readonly startedAt: string;
  /** False when it was interrupted: what is there is true, but not all. */
  readonly complete: boolean;
  readonly server: {
    readonly url: string;
    readonly engine: string;
    readonly title: string;
    /** `null` when requests name none. */
    readonly model: string | null;
    readonly capacity: number;
    readonly simulated: boolean;
  };
  readonly scenarios: readonly ScenarioResult[];
}

/** The same people over the same background, on every way. */
export interface ScenarioResult {
  readonly people: PeopleName;
  readonly background: BackgroundName;
  readonly backgroundClients: number;
  /** Of the server's time, what people take. */
  readonly share: number;
  /** How long people come. */
  readonly forMs: number;
  readonly alone: Alone;
  readonly ways: readonly WayResult[];
}

export interface WayResult {
  readonly way: WayName;
  /** False when it was interrupted. */
  readonly complete: boolean;
  readonly tookMs: number;
  readonly people: {
    readonly asked: number;
    readonly answered: number;
    /** `null` when nobody has heard anything. */
    readonly firstToken: FirstToken | null;
    /** In the order they came: a point each, for a picture. */
    readonly requests: readonly PersonResult[];
  };
  readonly background: {
    readonly answers: number;
    readonly tokens: number;
    readonly tokensPerSecond: number;
    /** Over what it writes alone. */
    readonly ofAlone: number;
  };
  /** How often background stepped aside; `null` where it cannot. */
  readonly parks: Parks | null;
  readonly answers: Checked;
  /** Whether somebody else used the server: then the figures are not those of this load. `null` where it does not tell. */
  readonly others: boolean | null;
}

export interface FirstToken {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** Milliseconds from the beginning of the way; `null` for what did not happen. */
export interface PersonResult {
  readonly askedMs: number;
  readonly firstTokenMs: number | null;
  readonly endedMs: number | null;
}

export interface Checked {
  /** Whole answers that could be compared: with what the simulated server is to say, or with what a real one said directly. */
  readonly compared: number;
  readonly different: number;
  /** Requests that got no whole answer, and the first reasons for it. */
  readonly failed: number;
  readonly why: readonly string[];
}

const REASONS = 3;

export interface Judged {
  readonly parks: Parks | undefined;
  readonly answers: Pick<Checked, "compared" | "different">;
  readonly aloneTokensPerSecond: number;
  readonly complete: boolean;
}

export function wayResult(lane: Lane, { parks, answers, aloneTokensPerSecond, complete }: Judged): WayResult {
  const { way, people, beganAt, endedAt, told, failures, tokens, others } = lane;
  const tokensPerSecond = lane.tokensPerSecond(endedAt);
  return {
    way,
    complete,
    tookMs: Math.round(endedAt - beganAt),
    people: {
      asked: people.length,
      answered: lane.answered,
      firstToken: firstTokenOf(lane.firstTokens),
      requests: people.map(({ askedAt, firstAt, endedAt: end }) => ({
        askedMs: Math.round(askedAt - beganAt),
        firstTokenMs: firstAt === undefined ? null : Math.round(firstAt - askedAt),
        endedMs: end === undefined ? null : Math.round(end - beganAt),
      })),
    },
    background: {
      answers: told.filter(({ by }) => by === "background").length,
      tokens,
      tokensPerSecond,
      ofAlone: aloneTokensPerSecond > 0 ? tokensPerSecond / aloneTokensPerSecond : 0,
    },
    parks: parks ?? null,
    answers: { ...answers, failed: failures.length, why: [...new Set(failures)].slice(0, REASONS) },
    others,
  };
}

export function firstTokenOf(firstMs: readonly number[]): FirstToken | null {
  if (firstMs.length === 0) return null;
  return { p50Ms: quantile(firstMs, 0.5), p95Ms: quantile(firstMs, 0.95), maxMs: Math.max(...firstMs) };
}
