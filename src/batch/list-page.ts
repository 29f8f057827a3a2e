import type { Page, PageQuery } from "../store/store.ts";
import { invalidValue } from "./batch-error.ts";

/** A page of a list, as OpenAI's clients follow it: the next one is asked for with `after=<last_id>`. */
export interface ListObject<T> {
  readonly object: "list";
  readonly data: readonly T[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export function listObject<R extends { readonly id: string }, T>(page: Page<R>, show: (record: R) => T): ListObject<T> {
  const { items, hasMore } = page;
  return {
    object: "list",
    data: items.map(show),
    first_id: items[0]?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

/** The query of a request as it came: every value is text, or a list of texts. */
export type Query = Readonly<Record<string, unknown>>;

/** @throws {BatchError} 400 that names the parameter. */
export function pageQuery(query: Query, limits: { readonly usual: number; readonly most: number }): PageQuery {
  const { after, limit = String(limits.usual), order = "desc" } = query;
  if (after !== undefined && typeof after !== "string") throw invalidValue("after", after, "the id of an entry");
  if (typeof limit !== "string" || !/^\d{1,6}$/.test(limit) || Number(limit) < 1 || Number(limit) > limits.most) {
    throw invalidValue("limit", limit, `a whole number from 1 to ${limits.most}`);
  }
  if (order !== "asc" && order !== "desc") throw invalidValue("order", order, "asc or desc");
  return { after: after === "" ? undefined : after, limit: Number(limit), order };
}
