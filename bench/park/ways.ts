import type { Contender, Running } from "../gateway/contender.ts";
import { contenders } from "../gateway/contenders.ts";
import type { StartOptions } from "../gateway/servers/child-server.ts";

/** A way to the model server, with or without background on it, and with or without people. */
export interface Way {
  readonly id: string;
  readonly background: boolean;
  /** Whether it keeps more requests from the server than it has slots. */
  readonly gates: boolean;
  /** Whether running background steps aside. */
  readonly parks: boolean;
  /** Why it cannot take part on this machine. */
  missing(): string | undefined;
  start(upstreamPort: number): Promise<Running>;
}

function way(
  id: string,
  contender: Contender["id"],
  { background = true, parks = false }: Partial<Pick<Way, "background" | "parks">> = {},
): Way {
  const found = contenders.find((candidate) => candidate.id === contender)!;
  const options = (upstreamPort: number): StartOptions => ({ upstreamPort, capacity: 1, preempt: parks });
  return {
    id,
    background,
    parks,
    gates: found.priorities,
    missing: () => found.missing(),
    start: (port) => found.start(options(port)),
  };
}

/** Every way but `ALONE` is measured with people. */
export const ALONE: Way = way("background alone", "Headgate");
export const NO_BACKGROUND: Way = way("no background", "Headgate", { background: false });
export const WITHOUT: Way = way("Headgate, without stepping aside", "Headgate");
export const PARK: Way = way("Headgate, stepping aside", "Headgate", { parks: true });

/** The rows of a table, in its order. */
export const WAYS: readonly Way[] = [
  NO_BACKGROUND,
  way("direct: the model server's own line", "direct"),
  way("HAProxy: maxconn 1, priority classes", "HAProxy"),
  WITHOUT,
  PARK,
];
