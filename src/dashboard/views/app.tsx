import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Explained } from "./explained.tsx";
import { GatePage } from "./gate-page.tsx";
import { Header } from "./header.tsx";
import { KeyForm } from "./key-form.tsx";
import { SelectionContext } from "./selection.ts";
import { useStore } from "./store-context.ts";

/** The whole page. Which gate it shows is in the address, so that a gate can be linked to. */
export function App(): JSX.Element {
  const store = useStore();
  const wanted = useHash();
  const [selected, select] = useState<string>();
  const gates = [...store.model.gates.values()];
  const gate = gates.find(({ name }) => name === wanted) ?? gates[0];
  useEffect(() => {
    document.title =
      gate === undefined ? "Headgate" : `${gate.held}/${gate.capacity} · ${gate.waiting} waiting · Headgate`;
  });
  return (
    <SelectionContext.Provider value={select}>
      <Header gates={gates} shown={gate?.name} />
      <main id="main" class={store.link === "live" ? "" : "stale"}>
        {store.link === "denied" ? (
          <KeyForm />
        ) : gate === undefined ? (
          <NoGate />
        ) : (
          <GatePage key={gate.name} gate={gate} />
        )}
      </main>
      {selected !== undefined && <Explained key={selected} id={selected} onClose={() => select(undefined)} />}
      <Said />
    </SelectionContext.Provider>
  );
}

function NoGate(): JSX.Element {
  const { known } = useStore();
  return (
    <section class="panel empty">
      {known ? (
        <p>
          There is no gate yet, because no model server was found. Start one, or name it with <code>--upstream</code>;
          it appears here by itself.
        </p>
      ) : (
        <p>Connecting …</p>
      )}
    </section>
  );
}

/** What came of the last action, for eyes and for screen readers. */
function Said(): JSX.Element {
  const store = useStore();
  const { said } = store;
  useEffect(() => {
    if (said === undefined || said.failed) return undefined;
    const timer = setTimeout(() => store.say("", false), 6_000);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div class="said" role="status">
      {said !== undefined && (
        <p class={said.failed ? "failed" : ""}>
          {said.text}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => store.say("", false)}>
            ✕
          </button>
        </p>
      )}
    </div>
  );
}

function useHash(): string {
  const [hash, setHash] = useState(readHash);
  useEffect(() => {
    const changed = (): void => setHash(readHash());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return hash;
}

function readHash(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}
