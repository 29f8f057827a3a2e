import { conditions } from "../common/environment.ts";
import type { Report } from "../common/render.ts";
import type { Results } from "./results.ts";
import { summaryOf } from "./summary.ts";
import { tablesOf } from "./tables.ts";

export function reportOf(results: Results): Report {
  const { effort, environment } = results;
  const { latency, saturation, stream } = effort;
  const rounds = [
    `${latency.rounds} x ${latency.requests} requests at one connection`,
    `${saturation.rounds} x ${saturation.forMs / 1000} s at saturation`,
    `${stream.rounds} x ${stream.streams} streams of ${stream.frames} frames`,
  ];
  return {
    conditions: conditions(environment, `For each contender ${rounds.join(", ")}.`),
    summary: summaryOf(results),
    tables: tablesOf(results),
  };
}
