import type { Environment } from "./job-environment.ts";

const ANSWER_MS = 5_000;

/** What a command is to run on, if it says. */
interface Wish {
  readonly gateway: string;
  readonly key?: string;
  readonly upstream?: string;
}

/**
 * Whether this process already runs under a permit of the wished gate, as inside of `headgate run`. Such a permit may be long
 * gone, because processes outlive it; so the gateway is asked. One that does not answer says no.
 */
export async function isHeld(
  { gateway, key, upstream }: Wish,
  environment: Environment,
  interrupted: AbortSignal,
): Promise<boolean> {
  const { HEADGATE_PERMIT: id = "", HEADGATE_URL: url } = environment;
  if (id === "" || url !== gateway || upstream !== undefined) return false;
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(ANSWER_MS)]);
  const target = `${gateway}/headgate/permits/${encodeURIComponent(id)}`;
  const answer = await fetch(target, { headers, signal }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}
