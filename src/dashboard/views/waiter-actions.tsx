import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RequestView } from "../../gateway/control/status-view.ts";
import { later, sooner } from "../state/priority.ts";
import { useStore } from "./store-context.ts";

/** A second click within this time means it. */
const SURE_MS = 4_000;

/** Sooner, later, away. Only for requests that the gateway itself let in: of others only their own program disposes. */
export function WaiterActions({ request }: { request: RequestView }): JSX.Element | null {
  const store = useStore();
  const { id, priority = 0, label } = request;
  if (request.phases === undefined) return null;
  const path = `/headgate/waiters/${encodeURIComponent(id)}`;
  const name = label ?? id;
  const raised = sooner(priority);
  const lowered = later(priority);
  const move = (to: number): void => void store.act(`${path}/priority`, { priority: to });
  return (
    <span class="buttons">
      <button
        type="button"
        disabled={!store.mayAct || raised === undefined}
        title={raised === undefined ? "It is as soon as a person already" : `Sooner: priority ${raised}`}
        aria-label={`Sooner: ${name}`}
        onClick={() => raised !== undefined && move(raised)}
      >
        ▲
      </button>
      <button
        type="button"
        disabled={!store.mayAct}
        title={`Later: priority ${lowered}`}
        aria-label={`Later: ${name}`}
        onClick={() => move(lowered)}
      >
        ▼
      </button>
      <Cancel name={name} disabled={!store.mayAct} onCancel={() => void store.act(`${path}/cancel`)} />
    </span>
  );
}

/** Its client gets an error for good, so one click is not enough; and a dialog would be too much. */
function Cancel({ name, disabled, onCancel }: { name: string; disabled: boolean; onCancel: () => void }): JSX.Element {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return undefined;
    const timer = setTimeout(() => setAsked(false), SURE_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  return (
    <button
      type="button"
      class={asked ? "danger" : ""}
      disabled={disabled}
      aria-label={asked ? `Really cancel ${name}` : `Cancel ${name}`}
      title={asked ? "Its client is answered 503" : "Cancel"}
      onClick={() => (asked ? onCancel() : setAsked(true))}
      onBlur={() => setAsked(false)}
    >
      {asked ? "Sure?" : "✕"}
    </button>
  );
}
