import { createContext, type Context } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Store } from "../link/store.ts";

export const StoreContext: Context<Store | undefined> = createContext<Store | undefined>(undefined);

/** The store of the page; the component is drawn again when it changes. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === undefined) throw new TypeError("this component is outside of the page");
  const [, draw] = useState(0);
  useEffect(() => store.subscribe(() => draw((count) => count + 1)), [store]);
  return store;
}
