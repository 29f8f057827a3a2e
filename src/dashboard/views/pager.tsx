import type { JSX } from "preact";
import { figure } from "../state/words.ts";

interface PagerProps {
  /** So many there are to page through, of so many in all. */
  readonly of: number;
  readonly all: number;
  readonly size: number;
  readonly page: number;
  readonly onPage: (page: number) => void;
  readonly what: string;
}

/** Which rows of a long table are shown; nothing for a short one. */
export function Pager({ of, all, size, page, onPage, what }: PagerProps): JSX.Element | null {
  if (of <= size && all <= of) return null;
  const last = Math.max(0, Math.ceil(of / size) - 1);
  return (
    <nav class="pager" aria-label={`${what}, pages`}>
      <button type="button" disabled={page === 0} onClick={() => onPage(0)}>
        First
      </button>
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <span>
        {figure(page * size + 1)}–{figure(Math.min(of, (page + 1) * size))} of {figure(of)}
        {all > of && `, and ${figure(all - of)} more that are not listed`}
      </span>
      <button type="button" disabled={page >= last} onClick={() => onPage(page + 1)}>
        Next
      </button>
      <button type="button" disabled={page >= last} onClick={() => onPage(last)}>
        Last
      </button>
    </nav>
  );
}
