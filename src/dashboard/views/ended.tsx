import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EndedView } from "../../gateway/control/long-status.ts";
import type { Crowd } from "../state/crowd.ts";
import { duration } from "../state/words.ts";
import { PriorityTag, RequestName } from "./about-request.tsx";
import { Pager } from "./pager.tsx";
import { useStore } from "./store-context.ts";

const PAGE = 10;

/** The last that ended: what the timeline shows, in words and figures. */
export function Ended({ crowd: { ended } }: { crowd: Crowd }): JSX.Element {
  const [wanted, setPage] = useState(0);
  const page = Math.max(0, Math.min(wanted, Math.ceil(ended.length / PAGE) - 1));
  return (
    <section class="panel">
      <table>
        <caption>
          <div class="caption">
            <h2>Ended lately</h2>
          </div>
        </caption>
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col">Priority</th>
            <th scope="col" class="more">
              Client
            </th>
            <th scope="col" class="figure">
              Waited
            </th>
            <th scope="col" class="figure">
              First token
            </th>
            <th scope="col" class="figure more">
              In all
            </th>
            <th scope="col">End</th>
          </tr>
        </thead>
        <tbody>
          {ended.slice(page * PAGE, (page + 1) * PAGE).map((request) => (
            <Row key={request.id} request={request} />
          ))}
          {ended.length === 0 && (
            <tr class="empty">
              <td colSpan={7}>Nothing yet.</td>
            </tr>
          )}
        </tbody>
      </table>
      <Pager of={ended.length} all={ended.length} size={PAGE} page={page} onPage={setPage} what="Ended requests" />
    </section>
  );
}

function Row({ request }: { request: EndedView }): JSX.Element {
  const { now } = useStore();
  const { arrivedAt, grantedAt, firstTokenAt, endedAt, outcome } = request;
  return (
    <tr>
      <th scope="row">
        <RequestName request={request} />
      </th>
      <td>
        <PriorityTag priority={request.priority} />
      </td>
      <td class="more">{request.client}</td>
      <td class="figure">{duration((grantedAt ?? endedAt) - arrivedAt)}</td>
      <td class="figure">{firstTokenAt === undefined ? "–" : duration(firstTokenAt - arrivedAt)}</td>
      <td class="figure more">{duration(endedAt - arrivedAt)}</td>
      <td>
        <span class={outcome === "finished" ? "" : "failed"}>{outcome.replaceAll("_", " ")}</span>{" "}
        <span class="note more">{duration(now - endedAt)} ago</span>
      </td>
    </tr>
  );
}
