import { conditions } from "../common/environment.ts";
import { duration, times } from "../common/quantity.ts";
import type { Report, Table } from "../common/render.ts";
import type { Load, Restarting, Results, Row } from "./results.ts";
import { NO_BACKGROUND, PARK } from "./ways.ts";

const MOST_P50 = 1.1;
const MOST_P95 = 1.5;
const LEAST_KEPT = 0.95;

export function reportOf(results: Results): Report {
  const { effort, environment, loads, restarts, server } = results;
  return {
    conditions: conditions(environment, `On ${server}, ${effort.forMs / 1000} s of foreground for each row.`),
    summary: effort.quick ? ["a quick run: too few requests for a verdict"] : loads.flatMap(verdictsOn),
    tables: [...loads.map(loadTable), ...(restarts.length === 0 ? [] : [restartTable(restarts)])],
  };
}

/** What a target came to, first of all whether it was met. */
export function verdictsOn(load: Load): string[] {
  const floor = load.rows.find(({ id }) => id === NO_BACKGROUND)!;
  const park = load.rows.find(({ id }) => id === PARK)!;
  const judged = (name: string, reached: number, met: boolean): string =>
    `${met ? "met" : "MISSED"}: ${name}, foreground ${percent(load.share)}: ${times(reached)}`;
  const p50 = park.p50Ms / floor.p50Ms;
  const p95 = park.p95Ms / floor.p95Ms;
  const kept = park.kept ?? 0;
  return [
    judged(`first token p50 ≤ ${times(MOST_P50)} without background`, p50, p50 <= MOST_P50),
    judged(`first token p95 ≤ ${times(MOST_P95)} without background`, p95, p95 <= MOST_P95),
    judged(`background kept ≥ ${times(LEAST_KEPT)} of what is left`, kept, kept >= LEAST_KEPT),
  ];
}

function loadTable({ perSecond, rows, share }: Load): Table {
  const floor = rows.find(({ id }) => id === NO_BACKGROUND)!;
  return {
    title: `a person's first token: ${perSecond.toFixed(2)} a second, ${percent(share)} of the slot, over endless background`,
    columns: ["", "p50", "p95", "p99", "p50 / none", "p95 / none", "background kept", "resumed", "restarted", "wrong"],
    lines: rows.map((row) => [
      row.id,
      ...[row.p50Ms, row.p95Ms, row.p99Ms].map(ms),
      times(row.p50Ms / floor.p50Ms),
      times(row.p95Ms / floor.p95Ms),
      ...rest(row),
    ]),
  };
}

function restartTable(restarts: readonly Restarting[]): Table {
  return {
    title: "where an answer can only begin anew: without stepping aside and with it",
    columns: ["", "p50", "p95", "background kept", "resumed", "restarted", "wrong"],
    lines: restarts.flatMap(({ aside, clients, engine, without }) =>
      [
        { row: without, how: "waits" },
        { row: aside, how: "steps aside" },
      ].map(({ how, row }) => [`${engine}, ${clients}: ${how}`, ms(row.p50Ms), ms(row.p95Ms), ...rest(row)]),
    ),
  };
}

function rest({ kept, restarted, resumed, wrong }: Row): string[] {
  return [kept === null ? "-" : times(kept), String(resumed), String(restarted), String(wrong)];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function ms(milliseconds: number): string {
  return duration(milliseconds * 1e6);
}
