import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { GateView } from "../../gateway/control/status-view.ts";
import { useStore } from "./store-context.ts";

/** What an operator does to a gate. Nothing of it is there for those who may only look. */
export function Operate({ gate }: { gate: GateView }): JSX.Element | null {
  const store = useStore();
  if (store.known && store.model.caller.role !== "admin") return null;
  const { name, state } = gate;
  const at = `?gate=${encodeURIComponent(name)}`;
  const over = state === "draining" || state === "closed";
  return (
    <section class="operate" aria-label="Operate the gate">
      <Capacity gate={gate} disabled={!store.mayAct} />
      {state === "paused" ? (
        <button
          type="button"
          class="main"
          disabled={!store.mayAct}
          onClick={() => void store.act(`/headgate/unpause${at}`)}
        >
          Unpause
        </button>
      ) : (
        <button type="button" disabled={!store.mayAct || over} onClick={() => void store.act(`/headgate/pause${at}`)}>
          Pause
        </button>
      )}
      <Drain name={name} disabled={!store.mayAct || over} onDrain={() => void store.act(`/headgate/drain${at}`)} />
    </section>
  );
}

function Capacity({ gate, disabled }: { gate: GateView; disabled: boolean }): JSX.Element {
  const store = useStore();
  const [wanted, setWanted] = useState<string>();
  const set = async (capacity: number | null): Promise<void> => {
    if (await store.act("/headgate/capacity", { gate: gate.name, capacity })) setWanted(undefined);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (wanted !== undefined && wanted !== "") void set(Number(wanted));
  };
  return (
    <form class="capacity" onSubmit={submit}>
      <label>
        Capacity
        <input
          type="number"
          min="0"
          max="100000"
          step="1"
          required
          disabled={disabled}
          value={wanted ?? gate.capacity}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </label>
      {wanted !== undefined && (
        <button type="submit" class="main" disabled={disabled}>
          Set
        </button>
      )}
      {wanted === undefined && gate.overridden && (
        <button
          type="button"
          disabled={disabled}
          title="Use the capacity that the model server tells"
          onClick={() => void set(null)}
        >
          Follow server
        </button>
      )}
    </form>
  );
}

/** It cannot be taken back, so it is asked about. */
function Drain({ name, disabled, onDrain }: { name: string; disabled: boolean; onDrain: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = (): void => dialog.current?.close();
  return (
    <>
      <button type="button" disabled={disabled} onClick={() => dialog.current?.showModal()}>
        Drain …
      </button>
      <dialog ref={dialog} aria-labelledby="drain-title">
        <h2 id="drain-title">Drain gate {name}?</h2>
        <p>
          Who is here is served; who comes is answered 503. There is no way back: the gate takes work again only when
          Headgate is started again.
        </p>
        <p class="buttons">
          <button type="button" autofocus onClick={close}>
            Leave it open
          </button>
          <button
            type="button"
            class="danger"
            onClick={() => {
              close();
              onDrain();
            }}
          >
            Drain
          </button>
        </p>
      </dialog>
    </>
  );
}
