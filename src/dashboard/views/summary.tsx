import type { JSX } from "preact";
import type { Crowd } from "../state/crowd.ts";
import { classOf } from "../state/priority.ts";
import { duration, figure } from "../state/words.ts";
import { useStore } from "./store-context.ts";

const STATE: Readonly<Record<string, string>> = {
  open: "Open",
  paused: "Paused",
  draining: "Draining",
  closed: "Closed",
};

/** The gate in a few large figures. */
export function Summary({ crowd: { gate, waiters } }: { crowd: Crowd }): JSX.Element {
  const { model, now } = useStore();
  const people = waiters.filter(
    ({ request }) => classOf(request.priority, model.foregroundUpTo) === "foreground",
  ).length;
  const longest = waiters.reduce((most, { request }) => Math.max(most, now - request.arrivedAt), 0);
  return (
    <section class="summary" aria-label={`Gate ${gate.name}`}>
      <p class={`state ${gate.state}`}>{STATE[gate.state]}</p>
      <dl>
        <Figure name="Running" value={`${gate.held}`} unit={`of ${gate.capacity}`} note={keptFor(gate.reserved)} />
        <Figure name="Waiting" value={figure(gate.waiting)} note={people > 0 ? `${people} foreground` : ""} />
        <Figure name="Longest wait" value={waiters.length === 0 ? "–" : duration(longest)} />
        <Figure
          name="A permit is held"
          value={gate.meanHoldMs === null ? "–" : duration(gate.meanHoldMs)}
          note="on average"
        />
      </dl>
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly note?: string;
}

function Figure({ name, value, unit, note }: FigureProps): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {unit !== undefined && <small>{unit}</small>}
        <span class="note">{note}</span>
      </dd>
    </div>
  );
}

function keptFor(reserved: number): string {
  return reserved > 0 ? "kept for people now" : "";
}
