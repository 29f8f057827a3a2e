import { median } from "../../src/cli/bench/statistics.ts";
import { conditions } from "../common/environment.ts";
import { count, digits, duration, times } from "../common/quantity.ts";
import type { Report, Table } from "../common/render.ts";
import type { Results } from "./results.ts";
import { shareOfStore, verdictsOn } from "./verdicts.ts";

export function reportOf(results: Results): Report {
  const { effort, environment } = results;
  const { gap, people, rate } = effort;
  const done =
    `Rates: ${rate.rounds} x ${count(rate.lines)} lines. Slot: ${count(gap.lines)} jobs of ${gap.serviceMs} ms. ` +
    `People: ${people.forMs / 1000} s.`;
  return {
    conditions: conditions(environment, done),
    summary: effort.quick ? ["no verdict: a quick run is too short"] : verdictsOn(results),
    tables: [ratesTable(results), ingestTable(results), gapsTable(results), peopleTable(results)],
  };
}

function ratesTable({ rates }: Results): Table {
  return {
    title: "lines a second, at a model server that answers at once",
    columns: ["at once", "the store alone", "a batch", "batch / store"],
    lines: rates.map((rate) => [
      String(rate.atOnce),
      digits(median(rate.store)),
      digits(median(rate.batch)),
      times(shareOfStore(rate)),
    ]),
  };
}

function ingestTable({ ingest }: Results): Table {
  const { bytes, checkMs, lines, peak, peakBefore, uploadMs } = ingest;
  return {
    title: "the largest input",
    columns: ["lines", "size", "upload", "check", "peak memory of the process", "before"],
    lines: [[count(lines), megabytes(bytes), ms(uploadMs), ms(checkMs), megabytes(peak), megabytes(peakBefore)]],
  };
}

function gapsTable({ gaps }: Results): Table {
  return {
    title: "the slot is idle between two jobs",
    columns: ["background", "p50", "p99"],
    lines: (["batch", "clients"] as const).map((id) => [id, ms(gaps[id].p50 / 1000), ms(gaps[id].p99 / 1000)]),
  };
}

function peopleTable({ effort, people }: Results): Table {
  return {
    title: `wait of people, ${effort.people.perSecond} a second (${people.requests} requests)`,
    columns: ["background", "mean", "p50", "p99", "background jobs/s"],
    lines: people.runs.map(({ backgroundPerSecond, id, meanMs, p50Ms, p99Ms }) => [
      id,
      ms(meanMs),
      ms(p50Ms),
      ms(p99Ms),
      digits(backgroundPerSecond),
    ]),
  };
}

function ms(milliseconds: number): string {
  return duration(milliseconds * 1e6);
}

function megabytes(bytes: number): string {
  return `${count(bytes / 1e6)} MB`;
}
