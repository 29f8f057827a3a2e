import { createContext, type Context } from "preact";
import { useContext } from "preact/hooks";

export const SelectionContext: Context<(id: string) => void> = createContext<(id: string) => void>(() => {});

/** Shows why the request with that id waited. */
export function useSelect(): (id: string) => void {
  return useContext(SelectionContext);
}
