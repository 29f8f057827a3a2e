import type { JSX } from "preact";
import type { UpstreamView } from "../../gateway/control/status-view.ts";
import { count } from "../state/words.ts";
import { useStore } from "./store-context.ts";

const ASIDE: Readonly<Record<UpstreamView["stepAside"], string>> = {
  resume: "can go on after an interruption",
  restart: "can only begin anew after an interruption",
  finish: "is never interrupted in a stream",
};

/** The model servers behind one gate. */
export function Servers({ gate }: { gate: string }): JSX.Element {
  const { model } = useStore();
  const servers = [...model.upstreams.values()].filter((upstream) => upstream.gate === gate);
  return (
    <section class="panel servers" aria-labelledby="servers-title">
      <h2 id="servers-title">Model servers</h2>
      {servers.map(({ name, title, url, health, capacity, capacitySource, models, stepAside }) => (
        <article key={name}>
          <h3>
            {name} <span class={`health ${health}`}>{health}</span>
          </h3>
          <p class="note">
            {health === "down"
              ? `Was at ${url}.`
              : `${title} at ${url}. ${count(capacity, "slot")} (${capacitySource}). A running answer ${ASIDE[stepAside]}.`}
          </p>
          {models !== null && models.length > 0 && <p class="note">{modelNames(models)}</p>}
        </article>
      ))}
      {servers.length === 0 && <p class="note">None at the moment.</p>}
    </section>
  );
}

const NAMED = 4;

function modelNames(models: readonly string[]): string {
  const more = models.length - NAMED;
  return models.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
