import type { JSX } from "preact";
import { SPANS_MS, type BarPhase } from "../state/bars.ts";
import type { PriorityClass } from "../state/priority.ts";
import { bound } from "../state/words.ts";
import { PHASE_NAME, PhaseMark } from "./phase-mark.tsx";

const CLASSES: readonly PriorityClass[] = ["foreground", "other", "background"];
const PHASES: readonly BarPhase[] = ["waiting", "sent", "answering", "parked"];

interface TimelineCaptionProps {
  /** What is shown unless another span was chosen. */
  readonly fitting: number;
  readonly onSpan: (spanMs: number | undefined) => void;
}

/** What the colours and patterns of the timeline mean, and how far back it goes. */
export function TimelineCaption({ fitting, onSpan }: TimelineCaptionProps): JSX.Element {
  return (
    <div class="caption">
      <h2 id="timeline-title">Timeline</h2>
      <ul class="legend" aria-label="Colours and patterns">
        {CLASSES.map((name) => (
          <li key={name}>
            <span class={`dot ${name}`} /> {name}
          </li>
        ))}
        {PHASES.map((phase) => (
          <li key={phase}>
            <PhaseMark phase={phase} /> {PHASE_NAME[phase]}
          </li>
        ))}
      </ul>
      <label>
        <span class="unseen">Time shown</span>
        <select onChange={(event) => onSpan(Number(event.currentTarget.value) || undefined)}>
          <option value="">fits ({bound(fitting)})</option>
          {SPANS_MS.map((span) => (
            <option key={span} value={span}>
              {bound(span)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
