import type { JSX } from "preact";
import type { RequestView } from "../../gateway/control/status-view.ts";
import { heldSince, since, type Crowd } from "../state/crowd.ts";
import { duration, timeOfDay } from "../state/words.ts";
import { PriorityTag, RequestName } from "./about-request.tsx";
import { PHASE_NAME, PhaseMark } from "./phase-mark.tsx";
import { useStore } from "./store-context.ts";

/** As many as fit beside the rest; a server with more slots is told in figures. */
const SHOWN = 16;

/** Who holds a permit, and since when. */
export function Running({ crowd: { gate, running } }: { crowd: Crowd }): JSX.Element {
  const hidden = Math.max(0, running.length - SHOWN);
  return (
    <section class="panel">
      <table>
        <caption>
          <div class="caption">
            <h2>Running</h2>
            <span class="note">
              {gate.held} of {gate.capacity}
            </span>
          </div>
        </caption>
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col">Priority</th>
            <th scope="col" class="more">
              Client
            </th>
            <th scope="col">Now</th>
            <th scope="col" class="figure">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {running.slice(0, SHOWN).map((request) => (
            <Holder key={request.id} request={request} />
          ))}
          {running.length === 0 && (
            <tr class="empty">
              <td colSpan={5}>{gate.state === "paused" ? "Nobody; the gate is paused." : "Nobody."}</td>
            </tr>
          )}
        </tbody>
      </table>
      {hidden > 0 && <p class="note foot">and {hidden} more</p>}
    </section>
  );
}

function Holder({ request }: { request: RequestView }): JSX.Element {
  const { now } = useStore();
  const phase = request.phases?.at(-1)?.[0] ?? "held";
  return (
    <tr>
      <th scope="row">
        <RequestName request={request} />
      </th>
      <td>
        <PriorityTag priority={request.priority} />
      </td>
      <td class="more">{request.client}</td>
      <td>
        <PhaseMark phase={phase} /> {PHASE_NAME[phase]} <span class="note">{duration(now - since(request))}</span>
      </td>
      <td class="figure">
        <span class="note more">{timeOfDay(heldSince(request))} </span>
        {duration(now - heldSince(request))}
      </td>
    </tr>
  );
}
