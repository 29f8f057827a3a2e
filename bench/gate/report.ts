import { conditions } from "../common/environment.ts";
import type { Report } from "../common/render.ts";
import type { Results } from "./results.ts";
import { summaryOf, tablesOf } from "./tables.ts";

export function reportOf(results: Results): Report {
  const { effort, environment } = results;
  return {
    conditions: conditions(environment, `At most ${effort.rounds} x ${effort.samples} samples of each figure.`),
    summary: summaryOf(results),
    tables: tablesOf(results),
  };
}
