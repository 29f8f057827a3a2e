import type { SQLInputValue } from "node:sqlite";
import { StoreError } from "../store-error.ts";
import type { Page, PageQuery } from "../store.ts";
import type { Database } from "./database.ts";

interface Listing {
  readonly table: "file" | "batch";
  readonly columns: string;
  readonly tenant: string;
  readonly query: PageQuery;
  readonly only?: { readonly column: "purpose"; readonly value: string } | undefined;
}

/** One page of a tenant's rows, in the order in which they were written: seconds are too coarse for that, and clocks are set back. */
export function page(db: Database, listing: Listing): Page<Record<string, SQLInputValue>> {
  const { table, columns, tenant, query, only } = listing;
  const [beyond, order] = query.order === "asc" ? [">", "ASC"] : ["<", "DESC"];
  const values: SQLInputValue[] = [tenant];
  let where = "tenant = ?";
  if (query.after !== undefined) {
    const last = db.get(`SELECT seq FROM ${table} WHERE id = ? AND tenant = ?`, query.after, tenant)?.["seq"];
    if (last === undefined)
      throw new StoreError("unknown_cursor", `after names no ${table} in this list: ${query.after}`);
    where += ` AND seq ${beyond} ?`;
    values.push(last);
  }
  if (only !== undefined) {
    where += ` AND ${only.column} = ?`;
    values.push(only.value);
  }
  // One more than asked for tells whether there is more.
  const sql = `SELECT ${columns} FROM ${table} WHERE ${where} ORDER BY seq ${order} LIMIT ?`;
  const rows = db.all(sql, ...values, query.limit + 1);
  return { items: rows.slice(0, query.limit), hasMore: rows.length > query.limit };
}
