import type { RelayState } from "./relay-job.ts";

/** All that matters for the question whether a running request should step aside. Times in milliseconds. */
export interface ParkSituation {
  readonly state: RelayState;
  /** Whether the engine has said how the answer ended, and only its last bytes are on their way. */
  readonly ended: boolean;
  /** Since the present run began. */
  readonly ranMs: number;
  readonly minRunMs: number;
  /** Whether the client has some of the answer itself. */
  readonly delivered: boolean;
  /** Whether the engine could go on behind what was said so far. */
  readonly resumable: boolean;
  /** Whether it could once it has said more. */
  readonly resumableLater: boolean;
  readonly restartsLeft: number;
  /** The most tokens that may still come; `undefined` when nobody knows. */
  readonly tokensLeft: number | undefined;
}

/** How it comes back: behind what was said, or all over again. */
export type WayBack = "behind" | "afresh";

/** `stay`: it runs to its end. `afterMs`: the question should be put again then. */
export type ParkDecision = { readonly park: WayBack } | { readonly afterMs: number } | "stay";

/** A run with so few tokens left frees the slot by itself sooner than stopping it would. */
const NEARLY_DONE_TOKENS = 4;

/** A few tokens. */
const LOOK_AGAIN_MS = 50;

/** Whether a run that was asked to step aside does so. Going on behind what was said beats doing it again wherever both can be. */
export function decidePark(situation: ParkSituation): ParkDecision {
  const { state, ended, ranMs, minRunMs, delivered, resumable, restartsLeft, tokensLeft = Infinity } = situation;
  if (state !== "sending" && state !== "prefilling" && state !== "decoding") return "stay";
  // Whoever goes on behind an end says it twice.
  if (ended) return "stay";
  if (tokensLeft <= NEARLY_DONE_TOKENS) return "stay";
  const wayBack = resumable ? "behind" : !delivered && restartsLeft > 0 ? "afresh" : undefined;
  if (wayBack === undefined) return situation.resumableLater ? { afterMs: LOOK_AGAIN_MS } : "stay";
  return ranMs < minRunMs ? { afterMs: minRunMs - ranMs } : { park: wayBack };
}
