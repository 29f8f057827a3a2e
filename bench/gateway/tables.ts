import { count, digits, duration, times } from "../common/quantity.ts";
import type { Table } from "../common/render.ts";
import type { ForegroundLoad, MemoryUse, Results, Row, Spread, Throughput } from "./results.ts";
import { us } from "./summary.ts";
import { addedOf, cpuOf, rowOf, spreadOf, throughputOf, waitRatio, waitRatioByExcess } from "./verdicts.ts";

export function tablesOf({ effort, foreground, idle, latency, memory, saturation, stream }: Results): Table[] {
  return [
    spreadTable("one connection: a small chat request, a 200-byte answer", latency, "p99"),
    saturationTable(`${effort.saturation.connections} connections: as many as get through`, saturation),
    spreadTable(
      `streams: ${effort.stream.streams} beside each other, a frame each ${effort.stream.intervalMs} ms, from writing to arrival`,
      stream,
      "p50",
    ),
    idleTable(idle),
    ...foreground.map((load) => foregroundTable(load, effort.foreground)),
    memoryTable(memory),
  ];
}

/** `judged`: the column with the target. */
function spreadTable(title: string, rows: readonly Row<Spread>[], judged: keyof Spread): Table {
  const bare = addedOf(rowOf(rows, "bare"), rows)[judged];
  return {
    title,
    columns: ["", "p50", "p99", "added p50", "added p99", `added ${judged} / bare proxy's`],
    lines: rows.map((row) => {
      const { p50, p99 } = spreadOf(row);
      const added = addedOf(row, rows);
      const compared = row.role === "direct" || bare <= 0 ? "-" : times(added[judged] / bare);
      const differences = row.role === "direct" ? ["-", "-"] : [us(added.p50), us(added.p99)];
      return [row.id, us(p50), us(p99), ...differences, compared];
    }),
  };
}

function saturationTable(title: string, rows: readonly Row<Throughput>[]): Table {
  const bare = throughputOf(rowOf(rows, "bare"));
  const bareCpu = cpuOf(rowOf(rows, "bare"));
  return {
    title,
    columns: ["", "requests/s", "/ bare proxy's", "processor time of its process per request", "/ bare proxy's"],
    lines: rows.map((row) => {
      const cpu = cpuOf(row);
      const perSecond = throughputOf(row);
      return [
        row.id,
        count(perSecond),
        times(perSecond / bare),
        cpu === null ? "-" : us(cpu),
        cpu === null || bareCpu === null ? "-" : times(cpu / bareCpu),
      ];
    }),
  };
}

function idleTable(rows: readonly Row<Spread>[]): Table {
  return {
    title: "the slot stands idle between two jobs, though somebody waits",
    columns: ["", "p50", "p99"],
    lines: rows.map((row) => {
      const { p50, p99 } = spreadOf(row);
      return [row.role === "direct" ? "floor: one client without a gate" : row.id, us(p50), us(p99)];
    }),
  };
}

const ORDER = {
  direct: "the model server's own line",
  bare: "first come, first served",
  peer: "priority classes",
  ours: "everything on",
} as const;

function foregroundTable(load: ForegroundLoad, effort: Results["effort"]["foreground"]): Table {
  const { formulaMs, idealMs, perSecond, requests } = load;
  const ceiling = ((1 - load.utilisation) * 1000) / effort.backgroundMs;
  const jobs = `${count(requests)} requests of ${effort.serviceMs} ms, ${perSecond} a second`;
  return {
    title: `foreground: ${jobs}, over endless background of ${effort.backgroundMs} ms`,
    columns: ["", "mean wait", "p50", "p99", "/ ideal", "/ ideal, by excess", "excess", "background jobs/s"],
    lines: [
      ...load.runs.map((run) => [
        `${run.id}: ${ORDER[run.role]}`,
        ...[run.meanMs, run.p50Ms, run.p99Ms].map(ms),
        times(waitRatio(load, run)),
        run.role === "direct" ? "-" : times(waitRatioByExcess(load, run)),
        run.role === "direct" ? "-" : ms(run.excessMs),
        digits(run.backgroundPerSecond),
      ]),
      [`ideal rule, these arrivals`, ms(idealMs), "-", "-", times(1), times(1), ms(0), digits(ceiling)],
      [`ideal rule, by formula`, ms(formulaMs), "-", "-", times(formulaMs / idealMs), "-", "-", digits(ceiling)],
    ],
  };
}

function memoryTable(uses: readonly MemoryUse[]): Table {
  return {
    title: "memory for each client that stays",
    columns: ["", "heap and buffers", "resident"],
    lines: uses.map(({ count: many, heap, id, rss, what }) => [
      `${id}, ${count(many)} ${what}s`,
      kilobytes(heap),
      kilobytes(rss),
    ]),
  };
}

function kilobytes(bytes: number): string {
  return `${digits(bytes / 1000)} kB`;
}

function ms(milliseconds: number): string {
  return duration(milliseconds * 1e6);
}
