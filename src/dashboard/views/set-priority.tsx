import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RequestView } from "../../gateway/control/status-view.ts";
import { useStore } from "./store-context.ts";

/** Any priority at all, for what the two buttons for sooner and later do not reach. */
export function SetPriority({ request: { id, priority = 0 } }: { request: RequestView }): JSX.Element {
  const store = useStore();
  const [wanted, setWanted] = useState<string>();
  const submit = (event: Event): void => {
    event.preventDefault();
    if (wanted === undefined || wanted === "") return;
    void store.act(`/headgate/waiters/${encodeURIComponent(id)}/priority`, { priority: Number(wanted) });
    setWanted(undefined);
  };
  return (
    <form onSubmit={submit}>
      <label>
        Priority
        <input
          type="number"
          step="any"
          required
          value={wanted ?? priority}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={wanted === undefined}>
        Set
      </button>
      <span class="note">smaller is sooner</span>
    </form>
  );
}
