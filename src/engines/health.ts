import type { Probe } from "./engine.ts";
import type { Health } from "./engine-words.ts";

/**
 * How a server is, judged by its answer at `path`. Any answer below 500 will do, a refusal for want of a key too: somebody is
 * there. 503 says that it is not there yet.
 */
export async function healthAt(probe: Probe, path: string): Promise<Health> {
  const answer = await probe.get(path);
  if (answer === undefined) return "down";
  if (answer.status === 503) return "loading";
  return answer.status < 500 ? "ready" : "down";
}
