import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useStore } from "./store-context.ts";

export function KeyForm(): JSX.Element {
  const store = useStore();
  const [key, setKey] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (key.trim() !== "") store.useKey(key.trim());
  };
  return (
    <form class="panel key" onSubmit={submit}>
      <h2>A key, please</h2>
      <p>
        This gateway has keys. One with the role <em>admin</em> may act; any other may look. It is kept until this tab
        is closed, and nowhere else.
      </p>
      {store.hasKey && store.why !== undefined && (
        <p class="failed" role="alert">
          That key is not known here.
        </p>
      )}
      <label>
        Key
        <input
          type="password"
          autocomplete="off"
          autofocus
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="main">
        Look
      </button>
    </form>
  );
}
