import { STEP_ASIDE } from "../banner.ts";
import { duration, printable } from "../table.ts";
import type { Report } from "./examine.ts";
import { cachesPrompts } from "./judge.ts";
import type { Measurement } from "./measure.ts";

/** A report for people, a line each. */
export function reportLines(report: Report): string[] {
  const { title, url, health, measured, notMeasured, problems, advice, notes } = report;
  return [
    `${title ?? "Server"} at ${url} is ${health}`,
    ...known(report),
    ...(measured === undefined ? [] : figures(measured)),
    ...(notMeasured === undefined || problems.length > 0 ? [] : [`not measured: ${notMeasured}`]),
    ...problems.map((problem) => `PROBLEM: ${problem}`),
    ...advice.map((text) => `advice: ${text}`),
    ...notes,
  ].map((line, index) => (index === 0 ? "" : "  ") + printable(line));
}

function known({ capacity, capacitySource, stepAside, models }: Report): string[] {
  const lines: string[] = [];
  if (capacity !== undefined) {
    lines.push(`takes ${capacity === 1 ? "1 request" : `${capacity} requests`} at a time (${capacitySource})`);
  }
  if (stepAside !== undefined) lines.push(`when a person comes, ${STEP_ASIDE[stepAside]}`);
  if (models !== undefined) lines.push(`models: ${models.length === 0 ? "none" : models.join(", ")}`);
  return lines;
}

function figures(measured: Measurement): string[] {
  const { firstTokenMs, msPerToken, abort, promptCache } = measured;
  const { promptTokens, firstMs, againMs } = promptCache;
  const size = promptTokens === undefined ? "a longer prompt" : `a prompt of ${promptTokens} tokens`;
  return [
    `first token of a short request: ${duration(firstTokenMs)}; then ${duration(msPerToken)} for each`,
    `${size}: ${duration(firstMs)} to the first token, ${duration(againMs)} when it comes again: ` +
      (cachesPrompts(measured) ? "the prompt cache works" : "no effect of a prompt cache"),
    `abort to free slot: ${abortText(abort)}`,
  ];
}

function abortText(abort: Measurement["abort"]): string {
  if ("notMeasured" in abort) return `not measured: ${abort.notMeasured}`;
  if ("lostForMs" in abort) return `not within ${duration(abort.lostForMs)}`;
  return `${duration(abort.freeMs)} (the answer would have gone on for ${duration(abort.remainingMs)})`;
}
