import type { Identity } from "../keys.ts";
import type { RequestRecord } from "../request-record.ts";
import type { Explained, Wait } from "./explanations.ts";
import type { Explanation, Met } from "./explanation-view.ts";
import { anonymous, mayKnow, viewOf } from "./request-view.ts";

/** What one caller is told of a request that is his to ask about. */
export function explanationOf({ record, wait }: Explained, identity: Identity, now: number): Explanation {
  const { arrivedAt, grantedAt, firstTokenAt, endedAt, outcome, promptTokens, completionTokens } = record;
  const waitedMs = Math.round((grantedAt ?? endedAt ?? now) - arrivedAt);
  return {
    ...viewOf(record),
    outcome,
    ...(endedAt !== undefined && { status: record.status, totalMs: Math.round(endedAt - arrivedAt) }),
    waitedMs,
    ...(firstTokenAt !== undefined && { firstTokenMs: Math.round(firstTokenAt - arrivedAt) }),
    promptTokens,
    completionTokens,
    ...(wait !== undefined && { met: metBy(wait, identity), meanwhile: wait.meanwhile }),
    why: inWords(record, wait, waitedMs),
  };
}

function metBy(wait: Wait, identity: Identity): Met {
  const { gate, state, capacity, reserved, ahead } = wait;
  const running = wait.running.map((record) => {
    const view = viewOf(record);
    return mayKnow(identity, record.client) ? view : anonymous(view);
  });
  return { gate, state, capacity, reserved, ahead, running };
}

function inWords({ gate, state }: RequestRecord, wait: Wait | undefined, waitedMs: number): string {
  if (wait === undefined) {
    if (gate === undefined) return "It went to no gate.";
    return state === "reading" ? "It is still being read." : "It did not wait for a permit.";
  }
  const { ahead, running, meanwhile } = wait;
  const waits = state === "waiting" ? "It has waited" : "It waited";
  const had = running.length === 1 ? "1 request ran" : `${running.length} requests ran`;
  const stood = ahead === 1 ? "1 was in front of it" : `${ahead} were in front of it`;
  return (
    `${waits} ${(waitedMs / 1000).toFixed(1)} s: when it came, ${had} with ${permits(wait.capacity)}, and ${stood} in line` +
    `${inTheWay(wait)}. ` +
    `Since then ${meanwhile.foreground} foreground and ${meanwhile.background} background requests were let in before it.`
  );
}

function permits(capacity: number): string {
  return capacity === 1 ? "the one permit there is" : `${capacity} permits in all`;
}

function inTheWay({ state, reserved, gate }: Wait): string {
  if (state === "paused") return `; gate ${gate} was paused`;
  return reserved > 0 ? `; ${reserved} of the permits ${reserved === 1 ? "was" : "were"} kept for the foreground` : "";
}
