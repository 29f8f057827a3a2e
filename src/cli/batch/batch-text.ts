import type { BatchObject } from "../../batch/batch-object.ts";
import { duration, printable, table, type Column } from "../table.ts";

const COLUMNS: readonly Column[] = [
  { heading: "ID" },
  { heading: "STATUS" },
  { heading: "DONE", right: true },
  { heading: "FAILED", right: true },
  { heading: "OF", right: true },
  { heading: "CREATED" },
  { heading: "ENDPOINT" },
];

const BAR_CELLS = 24;

export function hasEnded({ status }: BatchObject): boolean {
  return status === "completed" || status === "failed" || status === "expired" || status === "cancelled";
}

export function listLines(batches: readonly BatchObject[]): string[] {
  if (batches.length === 0) return ["No batch is known."];
  return table(COLUMNS, batches.map(row));
}

function row(batch: BatchObject): string[] {
  const { total, completed, failed } = batch.request_counts;
  return [
    batch.id,
    statusOf(batch),
    String(completed),
    String(failed),
    String(total),
    when(batch.created_at),
    batch.endpoint,
  ];
}

/** One batch for people, a line for each thing worth knowing. */
export function showLines(batch: BatchObject): string[] {
  const { total, completed, failed } = batch.request_counts;
  const facts: (readonly [string, string | null])[] = [
    ["status", statusOf(batch)],
    ["lines", `${completed} completed, ${failed} failed, of ${total}`],
    [
      "tokens",
      batch.usage.total_tokens === 0 ? null : `${batch.usage.input_tokens} in, ${batch.usage.output_tokens} out`,
    ],
    ["model", batch.model],
    ["endpoint", batch.endpoint],
    ["created", when(batch.created_at)],
    ["until", when(batch.expires_at)],
    ["input", batch.input_file_id],
    ["output", batch.output_file_id],
    ["errors", batch.error_file_id],
    ["metadata", batch.metadata === null ? null : JSON.stringify(batch.metadata)],
  ];
  const shown = facts.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(9)} ${printable(value)}`]));
  return [batch.id, ...shown, ...errorLines(batch)];
}

/** What is wrong with the input. */
export function errorLines({ errors }: BatchObject): string[] {
  return (errors?.data ?? []).map(({ line, code, message }) => {
    return `  ${line === null ? "" : `line ${line}: `}${printable(message)} (${code})`;
  });
}

/** `[#####-------] 120 of 1000, 3 failed, 4.1/s, about 3 min 35 s left` */
export function progressText(batch: BatchObject, perSecond: number | undefined): string {
  const { total, completed, failed } = batch.request_counts;
  const ended = completed + failed;
  const cells = total === 0 ? 0 : Math.floor((BAR_CELLS * ended) / total);
  const left = perSecond === undefined || perSecond <= 0 ? undefined : ((total - ended) / perSecond) * 1_000;
  const parts = [
    `[${"#".repeat(cells).padEnd(BAR_CELLS, "-")}] ${ended} of ${total}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(perSecond === undefined || batch.status !== "in_progress" ? [] : [`${perSecond.toFixed(1)}/s`]),
    ...(left === undefined || batch.status !== "in_progress" ? [] : [`about ${duration(left)} left`]),
    ...(batch.status === "in_progress" && !batch.headgate.paused ? [] : [statusOf(batch)]),
  ];
  return parts.join(", ");
}

export function statusOf({ status, headgate: { paused } }: BatchObject): string {
  return paused ? `${status} (paused)` : status;
}

function when(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace("T", " ").slice(0, 16) + "Z";
}
