import { count } from "../common/quantity.ts";
import type { Contender, Style } from "./contender.ts";
import { contenders } from "./contenders.ts";
import type { Figure, Situation } from "./measurement.ts";
import type { ArrivalOrder } from "./orders.ts";

/** One line of the tables: a figure of a situation, for every contender of one style that can be in it. */
export interface Row {
  readonly style: Style;
  readonly title: string;
  readonly figure: Figure;
  readonly situation: Situation;
  readonly entrants: readonly Contender[];
}

export interface Effort {
  readonly quick: boolean;
  /** Child processes for each cell at most. */
  readonly rounds: number;
  /** Samples in one child at most. */
  readonly samples: number;
  /** After this a child takes no further sample, and after `rounds` times this a cell gets no further child. */
  readonly budgetMs: number;
  /** A sample that takes longer is ended, and shown as "> N s". */
  readonly capMs: number;
  /** So long after the start of the process nothing new is begun; what is missing is shown as "not run". */
  readonly deadlineMs: number;
}

export const FULL: Effort = {
  quick: false,
  rounds: 3,
  samples: 5,
  budgetMs: 1500,
  capMs: 60_000,
  deadlineMs: Infinity,
};
export const QUICK: Effort = { quick: true, rounds: 1, samples: 3, budgetMs: 100, capMs: 1000, deadlineMs: 35_000 };

/** Depths ascend, so that who exceeds the cap at one need not be tried at a greater one. */
export function plan(quick: boolean): Row[] {
  return situationsOf(quick).flatMap(({ figures, situation, title }) =>
    STYLES.flatMap((style) => {
      const entrants = entrantsOf(style, situation);
      return figures.map((figure) => ({ style, title: titleOf(title, figure), figure, situation, entrants }));
    }),
  );
}

const STYLES: readonly Style[] = ["acquire", "run"];

interface PlannedSituation {
  readonly title: string;
  readonly situation: Situation;
  readonly figures: readonly Figure[];
}

function situationsOf(quick: boolean): PlannedSituation[] {
  const depths = quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000];
  const many = quick ? 10_000 : 100_000;
  const handOffs = depths.flatMap((waiters) =>
    handOffOrders(quick, waiters).map((order) => ({
      title: `${count(waiters)} waiting, ${order}`,
      situation: { kind: "hand-off", waiters, order } as const,
      figures: ["total"] as const,
    })),
  );
  const cancels = (["own", "shared"] as const).flatMap((signals) =>
    (quick ? (["few"] as const) : (["one", "few"] as const)).map((order) => ({
      title: `cancel ${count(many)}, ${signals} signal${signals === "own" ? "s" : ""}, ${order}`,
      situation: { kind: "cancel", waiters: many, order, signals } as const,
      figures: ["cancel", "total"] as const,
    })),
  );
  const heap = { kind: "heap", waiters: many, order: "few" } as const;
  return [
    { title: "uncontended", situation: { kind: "uncontended" }, figures: ["total"] },
    ...handOffs,
    ...cancels,
    { title: `heap per waiter at ${count(many)}`, situation: heap, figures: ["bytes"] },
  ];
}

function handOffOrders(quick: boolean, waiters: number): readonly ArrivalOrder[] {
  if (!quick) return ["few", "distinct", "descending"];
  return waiters > 1000 ? ["few", "descending"] : ["few"];
}

/** Cancelling is timed alone and with the enqueue, so that no work can hide in the other half. */
function titleOf(title: string, figure: Figure): string {
  return title.startsWith("cancel") && figure === "total" ? `${title}, with enqueue` : title;
}

function entrantsOf(style: Style, situation: Situation): Contender[] {
  return contenders.filter((contender) => {
    if (contender.style !== style) return false;
    if (situation.kind !== "cancel") return contender.role !== "signals";
    // One listener each on one shared signal is no floor: adding the n-th takes O(n).
    return contender.cancel && (contender.role !== "signals" || situation.signals === "own");
  });
}

/**
 * The situation as this contender sees it. To whoever knows no priorities all orders of arrival are the same one, measured once.
 */
export function situationFor(contender: Contender, situation: Situation): Situation {
  if (contender.priorities || situation.kind === "uncontended") return situation;
  return { ...situation, order: "few" };
}
