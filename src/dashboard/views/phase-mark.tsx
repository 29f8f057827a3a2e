import type { JSX } from "preact";
import type { BarPhase } from "../state/bars.ts";

export const PHASE_NAME: Readonly<Record<BarPhase, string>> = {
  waiting: "waiting",
  sent: "first token",
  answering: "decoding",
  held: "held",
  parked: "parked",
};

/** The pattern that stands for a phase in the timeline. */
export function PhaseMark({ phase }: { phase: BarPhase }): JSX.Element {
  return (
    <svg class={`mark ${phase}`} viewBox="0 0 18 10" width="18" height="10" aria-hidden="true">
      {phase === "waiting" && <rect x="0" y="3.5" width="18" height="3" class="thin" />}
      {phase === "parked" && <path d="M1 5h16" class="dots" />}
      {(phase === "sent" || phase === "answering" || phase === "held") && (
        <rect x="0.5" y="0.5" width="17" height="9" class="full" />
      )}
      {phase === "sent" && <path d="M2 10 7 0M7 10 12 0M12 10 17 0" class="hatch" />}
    </svg>
  );
}
