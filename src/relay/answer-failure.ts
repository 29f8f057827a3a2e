import type { AnswerWatch } from "../protocol/answer-watch.ts";
import { UpstreamFailure } from "./upstream-failure.ts";

/** What is wrong with an answer whose bytes came to an orderly end. */
export function failureOf(watch: AnswerWatch | undefined): UpstreamFailure | undefined {
  if (watch === undefined || watch.outcome === "finished") return undefined;
  if (watch.outcome === "failed") {
    const said = watch.error?.message ?? "no reason given";
    return new UpstreamFailure("upstream_failed", `the model server reported an error in its answer: ${said}`, true);
  }
  return new UpstreamFailure("upstream_failed", "the model server's answer ended before it was finished", true);
}

/** A stream of which no whole answer can be made. */
export function unusable(): UpstreamFailure {
  return new UpstreamFailure("upstream_failed", "the model server's answer could not be put together", true);
}
