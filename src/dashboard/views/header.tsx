import type { JSX } from "preact";
import type { GateView } from "../../gateway/control/status-view.ts";
import type { LinkState } from "../link/live-link.ts";
import { useStore } from "./store-context.ts";

const LINK: Readonly<Record<LinkState, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost, trying again",
  denied: "Key needed",
};

export function Header({ gates, shown }: { gates: readonly GateView[]; shown: string | undefined }): JSX.Element {
  const store = useStore();
  const { caller } = store.model;
  return (
    <header>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <h1>
        <img src="icon.svg" alt="" width="28" height="28" /> Headgate
      </h1>
      <nav aria-label="Gates">
        {gates.map(({ name, held, capacity }) => (
          <a key={name} href={`#${encodeURIComponent(name)}`} aria-current={name === shown ? "page" : undefined}>
            {name}
            <span class="tally">
              {held}/{capacity}
            </span>
          </a>
        ))}
      </nav>
      <p class="who">
        {store.hasKey && store.known && (
          <>
            <span>
              {caller.client} <span class="role">{caller.role === "admin" ? "may act" : "may only look"}</span>
            </span>
            <button type="button" class="quiet" onClick={() => store.forgetKey()}>
              Forget key
            </button>
          </>
        )}
        <span class={`link ${store.link}`}>
          {LINK[store.link]}
          {store.link === "lost" && store.why !== undefined && `: ${store.why}`}
        </span>
      </p>
    </header>
  );
}

/** The address holds the gate, so it cannot hold a place in the page too. */
function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById("main")!;
  main.tabIndex = -1;
  main.focus();
}
