import { conditions } from "../common/environment.ts";
import { count, digits, duration, times } from "../common/quantity.ts";
import type { Report, Table } from "../common/render.ts";
import type { Field, Load, Results, Row } from "./results.ts";
import { overFloor, percent, verdictsOn } from "./verdicts.ts";

export function reportOf({ effort, environment, field, missing, restarts, server }: Results): Report {
  const verdicts = effort.quick ? ["no verdict: a quick run has too few requests"] : field.loads.flatMap(verdictsOn);
  return {
    conditions: conditions(
      environment,
      `On ${server}, ${effort.forMs / 1000} s for each row; one request of a person's takes ${ms(field.serviceMs)} alone, and the background ` +
        `alone gets ${digits(field.alonePerSecond)} tokens a second.`,
    ),
    summary: [...verdicts, ...missing.map(({ id, why }) => `NOT MEASURED: ${id}: ${why}`)],
    tables: [...field.loads.map(loadTable), ...(restarts.length === 0 ? [] : [restartTable(restarts)])],
  };
}

const LAST_COLUMNS = ["background kept", "resumed (tokens)", "anew (tokens lost)", "read again", "wrong"];

function loadTable(load: Load): Table {
  const { perSecond, requests, rows, share, tookShare } = load;
  const rate = `${digits(perSecond)} a second, ${percent(share)} of the slot (${requests} requests took ${percent(tookShare)})`;
  return {
    title: `first token of people who come ${rate}`,
    columns: ["", "p50", "p95", "p99", "p50 / none", "p95 / none", ...LAST_COLUMNS],
    lines: rows.map((row) => [
      row.id,
      ...firstToken(row),
      ratio(overFloor(load, row, "p50Ms")),
      ratio(overFloor(load, row, "p95Ms")),
      ...rest(row),
    ]),
  };
}

/** Both numbers side by side: what stepping aside gives to people, and what it costs the background. */
function restartTable(restarts: readonly (Field & { readonly clients: string })[]): Table {
  return {
    title: "engines and clients with which an answer begins anew, or came whole all along; no target",
    columns: ["", "p50", "p95", "p99", ...LAST_COLUMNS],
    lines: restarts.flatMap(({ clients, loads }) =>
      loads.flatMap(({ rows, share }) =>
        rows.map((row) => [`${clients}, ${percent(share)}: ${row.id}`, ...firstToken(row), ...rest(row)]),
      ),
    ),
  };
}

function firstToken({ firstToken: found }: Row): string[] {
  return found === null ? ["-", "-", "-"] : [ms(found.p50Ms), ms(found.p95Ms), ms(found.p99Ms)];
}

function rest({ account, compared, kept, parks, wrong }: Row): string[] {
  return [
    ratio(kept),
    inTimesAndTokens(parks?.resumed, account?.resumedTokens),
    inTimesAndTokens(parks?.restarted, account?.restartedTokens),
    account === null ? UNKNOWN : count(account.readAgain),
    compared === 0 ? "-" : `${wrong} of ${count(compared)}`,
  ];
}

const UNKNOWN = "?";

function inTimesAndTokens(often: number | undefined, tokens: number | undefined): string {
  if (often === undefined) return UNKNOWN;
  return `${count(often)} (${tokens === undefined ? UNKNOWN : count(tokens)})`;
}

function ratio(value: number | null): string {
  return value === null ? "-" : times(value);
}

function ms(milliseconds: number): string {
  return duration(milliseconds * 1e6);
}
