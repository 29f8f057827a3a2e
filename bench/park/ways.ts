import { contenders } from "../gateway/contenders.ts";
import type { Running } from "../gateway/contender.ts";
import type { StartOptions } from "../gateway/servers/child-server.ts";

/** A way to the model server, with or without background on it. */
export interface Way {
  readonly id: string;
  readonly background: boolean;
  readonly missing: string | undefined;
  start(upstreamPort: number): Promise<Running>;
}

export const NO_BACKGROUND = "no background";
export const PARK = "Headgate, stepping aside";

function way(id: string, contender: string, more: { background?: boolean; preempt?: boolean } = {}): Way {
  const { background = true, preempt = false } = more;
  const found = contenders.find((candidate) => candidate.id === contender)!;
  const options = (upstreamPort: number): StartOptions => ({ upstreamPort, capacity: 1, preempt });
  return { id, background, missing: found.missing(), start: (port) => found.start(options(port)) };
}

export const WAYS: readonly Way[] = [
  way(NO_BACKGROUND, "Headgate", { background: false }),
  way("direct: the model server's own line", "direct"),
  way("HAProxy: priority classes", "HAProxy"),
  way("Headgate, without stepping aside", "Headgate"),
  way(PARK, "Headgate", { preempt: true }),
];
