import type { JSX } from "preact";
import type { Batch } from "../link/batches.ts";
import { duration, figure } from "../state/words.ts";
import { useStore } from "./store-context.ts";

const SHOWN = 8;

/** The batches and how far they are; nothing on a gateway that has none. */
export function Batches(): JSX.Element | null {
  const { batches } = useStore();
  if (batches === undefined) return null;
  return (
    <section class="panel batches" aria-labelledby="batches-title">
      <h2 id="batches-title">Batches</h2>
      {batches.length === 0 && <p class="note">None yet.</p>}
      {batches.slice(0, SHOWN).map((batch) => (
        <OneBatch key={batch.id} batch={batch} />
      ))}
      {batches.length > SHOWN && <p class="note">and older ones</p>}
    </section>
  );
}

function OneBatch({ batch }: { batch: Batch }): JSX.Element {
  const { now } = useStore();
  const { id, status, endpoint, created_at: createdAt, metadata } = batch;
  const { total, completed, failed } = batch.request_counts ?? { total: 0, completed: 0, failed: 0 };
  const name = metadata?.["name"] ?? metadata?.["description"] ?? id;
  return (
    <article>
      <h3>
        {name} <span class="badge">{status.replaceAll("_", " ")}</span>
      </h3>
      <progress max={Math.max(1, total)} value={completed + failed} aria-label={`Progress of ${name}`} />
      <p class="note">
        {figure(completed)} of {figure(total)} done
        {failed > 0 && <span class="failed">, {figure(failed)} failed</span>}
        {endpoint !== undefined && ` · ${endpoint}`}
        {createdAt !== undefined && ` · ${duration(now - createdAt * 1000)} ago`}
      </p>
    </article>
  );
}
