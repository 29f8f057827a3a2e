import fc, { type Arbitrary, type WeightedArbitrary } from "fast-check";

/** Which signal a wait gets: none, one of its own, one that was aborted before, or one of a few that many share. */
export type SignalChoice = "none" | "own" | "dead" | 0 | 1 | 2;
export const SHARED_SIGNALS = 3;

export interface AcquireStep {
  readonly do: "acquire";
  readonly by: "acquire" | "run" | "tryAcquire";
  readonly priority: number;
  readonly preemptible: boolean;
  /** Without a label the gate keeps a barer record. */
  readonly labelled: boolean;
  readonly signal: SignalChoice;
  readonly timeoutMs: number | undefined;
  /** Whether it repeats a call that ended without a permit, if there was one. */
  readonly again: boolean;
  /** Whether it stands right behind another call, if there is one. */
  readonly behind: number | undefined;
}

export interface YieldStep {
  readonly do: "yield";
  readonly who: number;
  readonly signal: SignalChoice;
  readonly timeoutMs: number | undefined;
}

/** What concerns one call. */
export type CallStep =
  | YieldStep
  | { readonly do: "release" | "releaseAgain" | "abort" | "cancel"; readonly who: number }
  /** Aborts a signal one of whose listeners releases a permit: if `early`, before the gate hears of the abort. */
  | { readonly do: "releaseInAbort"; readonly who: number; readonly whose: number; readonly early: boolean }
  | { readonly do: "reprioritise"; readonly who: number; readonly priority: number };

/** What concerns the gate as a whole. */
export type GateStep =
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "resize"; readonly capacity: number }
  | { readonly do: "reserve"; readonly permits: number }
  | { readonly do: "pause" | "unpause" | "drain" | "close" };

/**
 * One operation of a program. `who` picks among those whom it can concern at that moment, so that every program makes sense and
 * a shrunk one still does. Between two `turn` steps everything happens in one synchronous turn.
 */
export type Step =
  | AcquireStep
  | CallStep
  | GateStep
  | { readonly do: "finish"; readonly who: number; readonly fails: boolean }
  | { readonly do: "turn" };

/** Whole numbers and binary fractions: sums of these are exact, so that a tie is a tie on both sides. */
export const priority: Arbitrary<number> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 100) },
  { weight: 4, arbitrary: fc.constantFrom(50, 99, 101, -3.25, 1.5) },
  { weight: 1, arbitrary: fc.integer({ min: -500, max: 500 }) },
);
const who = fc.nat({ max: 11 });
const signal: Arbitrary<SignalChoice> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<SignalChoice>("none") },
  { weight: 4, arbitrary: fc.constant<SignalChoice>("own") },
  { weight: 6, arbitrary: fc.constantFrom<SignalChoice[]>(0, 1, 2) },
  { weight: 1, arbitrary: fc.constant<SignalChoice>("dead") },
);
const timeoutMs = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom(0, 10, 100, 1000, Infinity) },
);
export const capacity: Arbitrary<number> = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
);

const acquire = fc.record({
  do: fc.constant("acquire" as const),
  by: fc.constantFrom(
    "acquire" as const,
    "acquire" as const,
    "acquire" as const,
    "run" as const,
    "tryAcquire" as const,
  ),
  priority,
  preemptible: fc.boolean(),
  labelled: fc.boolean(),
  signal,
  timeoutMs,
  again: fc.boolean(),
  behind: fc.option(who, { nil: undefined, freq: 2 }),
});
const concerning = <Name extends string>(...names: Name[]): Arbitrary<{ do: Name; who: number }> =>
  fc.record({ do: fc.constantFrom(...names), who });
const plain = <Name extends string>(...names: Name[]): Arbitrary<{ do: Name }> =>
  fc.record({ do: fc.constantFrom(...names) });

const release = concerning("release");
const yielding = fc.record({ do: fc.constant("yield" as const), who, signal, timeoutMs });
const releaseInAbort = fc.record({
  do: fc.constant("releaseInAbort" as const),
  who,
  whose: who,
  early: fc.boolean(),
});
const resize = fc.record({ do: fc.constant("resize" as const), capacity });
const reserve = fc.record({ do: fc.constant("reserve" as const), permits: fc.constantFrom(0, 1, 2, Infinity) });

const LASTING: readonly WeightedArbitrary<Step>[] = [
  { weight: 30, arbitrary: acquire },
  { weight: 20, arbitrary: release },
  { weight: 12, arbitrary: yielding },
  { weight: 2, arbitrary: concerning("releaseAgain") },
  { weight: 6, arbitrary: concerning("abort", "abort", "cancel") },
  { weight: 3, arbitrary: releaseInAbort },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("reprioritise" as const), who, priority }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("finish" as const), who, fails: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.constantFrom(0, 1, 10, 50, 100, 400, 1500) }),
  },
  { weight: 4, arbitrary: resize },
  { weight: 2, arbitrary: reserve },
  { weight: 2, arbitrary: plain("pause") },
  { weight: 4, arbitrary: plain("unpause") },
  { weight: 20, arbitrary: plain("turn") },
];
/** Whatever a gate can go through any number of times. */
export const lastingStep: Arbitrary<Step> = fc.oneof(...LASTING);

/** Also `drain` and `close`, seldom: they end a gate. */
const anyStep: Arbitrary<Step> = fc.oneof(...LASTING, { weight: 2, arbitrary: plain("drain", "close") });
/** What brings about the rare states: more held than there are permits, holders who are asked, waiters aborted on the way. */
const squeeze: Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: acquire },
  { weight: 8, arbitrary: release },
  { weight: 20, arbitrary: yielding },
  { weight: 10, arbitrary: releaseInAbort },
  { weight: 4, arbitrary: concerning("cancel") },
  { weight: 3, arbitrary: plain("unpause") },
  { weight: 8, arbitrary: resize },
  { weight: 6, arbitrary: reserve },
  { weight: 25, arbitrary: plain("turn") },
);
export const programs: Arbitrary<Step[]> = fc.oneof(
  fc.array(anyStep, { minLength: 1, maxLength: 120, size: "max" }),
  fc.array(squeeze, { minLength: 1, maxLength: 120, size: "max" }),
);
