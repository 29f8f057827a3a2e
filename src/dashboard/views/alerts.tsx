import type { JSX } from "preact";
import { alertsOf } from "../state/alerts.ts";
import { duration } from "../state/words.ts";
import { useSelect } from "./selection.ts";
import { useStore } from "./store-context.ts";

/** What is wrong. The only part of the page that a screen reader is told of by itself: everything else changes all the time. */
export function Alerts({ gate }: { gate: string }): JSX.Element {
  const { model, now } = useStore();
  const select = useSelect();
  const alerts = alertsOf(model, gate, now);
  return (
    <section class="alerts" aria-label="Warnings" aria-live="polite">
      {alerts.map(({ key, level, text, remedy, request, at }) => (
        <div key={key} class={`alert ${level}`}>
          <p>
            <strong>{text}</strong> {remedy}
            {/* What runs on by itself is not read out again each second. */}
            {at !== undefined && <span aria-hidden="true"> {duration(now - at)} ago.</span>}
          </p>
          {request !== undefined && (
            <button type="button" class="quiet" onClick={() => select(request)}>
              Why?
            </button>
          )}
        </div>
      ))}
    </section>
  );
}
