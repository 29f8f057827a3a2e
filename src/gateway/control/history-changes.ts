import { endedView, type HistoryView } from "./history-view.ts";
import type { EndedView } from "./long-status.ts";
import { eventText, type Change, type Reader } from "./live-changes.ts";
import { anonymous, mayKnow } from "./request-view.ts";

/** Tells how the history grew, as events for those who asked for it. */
export class HistoryChanges {
  #known: ReadonlyMap<string, string>;
  #sequence: number;

  constructor(history: HistoryView) {
    this.#known = known(history);
    this.#sequence = lastOf(history);
  }

  next(history: HistoryView): readonly Change[] {
    const before = this.#known;
    this.#known = known(history);
    const changes: Change[] = [];
    for (const ended of history.ended) {
      if (ended.sequence > this.#sequence)
        changes.push(told((reader) => JSON.stringify({ ended: endedFor(reader, endedView(ended)) })));
    }
    this.#sequence = lastOf(history);
    for (const [key, json] of this.#known) if (before.get(key) !== json) changes.push(told(() => json));
    return changes;
  }
}

/** What `reader` may know of a request that is over. */
export function endedFor({ identity }: Reader, view: EndedView): EndedView {
  return mayKnow(identity, view.client) ? view : anonymous(view);
}

function told(json: (reader: Reader) => string): Change {
  return { textFor: (reader) => (reader.history ? eventText("upsert", json(reader)) : undefined) };
}

function lastOf({ ended }: HistoryView): number {
  return ended.at(-1)?.sequence ?? 0;
}

function known({ usage, times, warnings }: HistoryView): ReadonlyMap<string, string> {
  return new Map([
    ...usage.map((each) => [`usage ${each.gate}`, JSON.stringify({ usage: each })] as const),
    ...times.map((each) => [`times ${each.gate}`, JSON.stringify({ times: each })] as const),
    ...warnings.map((each) => [`warning ${each.id}`, JSON.stringify({ warning: each })] as const),
  ]);
}
