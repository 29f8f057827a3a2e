import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Crowd, Waiter } from "../state/crowd.ts";
import { duration, figure } from "../state/words.ts";
import { PriorityTag, RequestName } from "./about-request.tsx";
import { Pager } from "./pager.tsx";
import { useStore } from "./store-context.ts";
import { WaiterActions } from "./waiter-actions.tsx";

/** A thousand rows would be slow to draw four times a second, and slow to read. */
const PAGE = 12;

/** The line, the next first. */
export function Waiting({ crowd: { gate, waiters } }: { crowd: Crowd }): JSX.Element {
  const store = useStore();
  const [wanted, setPage] = useState(0);
  const page = Math.max(0, Math.min(wanted, Math.ceil(waiters.length / PAGE) - 1));
  const shown = waiters.slice(page * PAGE, (page + 1) * PAGE);
  const acts = !store.known || store.model.caller.role === "admin";
  return (
    <section class="panel">
      <table class="waiting">
        <caption>
          <div class="caption">
            <h2>Waiting</h2>
            <span class="note">{figure(gate.waiting)}</span>
          </div>
        </caption>
        <thead>
          <tr>
            <th scope="col" class="figure place">
              <abbr title="Place in line">#</abbr>
            </th>
            <th scope="col">Request</th>
            <th scope="col">Priority</th>
            <th scope="col" class="more">
              Client
            </th>
            <th scope="col" class="figure">
              Waits
            </th>
            <th scope="col" class="figure more">
              <abbr title="Until it gets a permit, estimated from how long others held theirs">Starts in</abbr>
            </th>
            {acts && (
              <th scope="col" class="actions">
                <span class="unseen">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {shown.map((waiter) => (
            <Row key={waiter.request.id} waiter={waiter} acts={acts} />
          ))}
          {waiters.length === 0 && (
            <tr class="empty">
              <td colSpan={7}>Nobody waits.</td>
            </tr>
          )}
        </tbody>
      </table>
      <Pager of={waiters.length} all={gate.waiting} size={PAGE} page={page} onPage={setPage} what="Waiting requests" />
    </section>
  );
}

function Row({ waiter: { request, position, etaMs }, acts }: { waiter: Waiter; acts: boolean }): JSX.Element {
  const { now } = useStore();
  const eta = etaMs === undefined ? "–" : `~ ${duration(etaMs)}`;
  return (
    <tr>
      <td class="figure">{position}</td>
      <th scope="row">
        <RequestName request={request} />
        {request.state === "parked" && <span class="badge">parked</span>}
      </th>
      <td>
        <PriorityTag priority={request.priority} />
      </td>
      <td class="more">{request.client}</td>
      <td class="figure">
        {duration(now - request.arrivedAt)}
        <span class="note less">{eta}</span>
      </td>
      <td class="figure more">{eta}</td>
      {acts && (
        <td class="actions">
          <WaiterActions request={request} />
        </td>
      )}
    </tr>
  );
}
