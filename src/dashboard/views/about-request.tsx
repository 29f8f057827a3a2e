import type { JSX } from "preact";
import type { RequestView } from "../../gateway/control/status-view.ts";
import { classOf } from "../state/priority.ts";
import { shortId } from "../state/words.ts";
import { useSelect } from "./selection.ts";
import { useStore } from "./store-context.ts";

/** The class of a priority as colour and word, and its number. */
export function PriorityTag({ priority }: { priority: number | undefined }): JSX.Element {
  const { model } = useStore();
  const name = classOf(priority, model.foregroundUpTo);
  return (
    <span class={`tag ${name}`}>
      <span class="word">{name}</span> <span class="number">{priority ?? "–"}</span>
    </span>
  );
}

/** What a request is called, and a button that tells more about it. */
export function RequestName({ request }: { request: RequestView }): JSX.Element {
  const select = useSelect();
  const { id, label, model, kind } = request;
  return (
    <button type="button" class="name" onClick={() => select(id)}>
      <span class="label">{label ?? model ?? (kind === "permit" ? "permit" : "request")}</span>
      <span class="id">{shortId(id)}</span>
      <span class="unseen">why did it wait?</span>
    </button>
  );
}
