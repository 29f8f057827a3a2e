import type { FileRecord } from "../file-record.ts";
import type { Page, PageQuery } from "../store.ts";
import type { Database } from "./database.ts";
import { page } from "./page.ts";

const COLUMNS = `id, tenant, filename, purpose, bytes, blob, created_at AS "createdAt", expires_at AS "expiresAt"`;

export function addFile(db: Database, file: FileRecord): void {
  db.run(
    `INSERT INTO file (id, tenant, filename, purpose, bytes, blob, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    file.id,
    file.tenant,
    file.filename,
    file.purpose,
    file.bytes,
    file.blob,
    file.createdAt,
    file.expiresAt,
  );
}

export function fileOfTenant(db: Database, tenant: string, id: string): FileRecord | undefined {
  return db.get(`SELECT ${COLUMNS} FROM file WHERE id = ? AND tenant = ?`, id, tenant) as FileRecord | undefined;
}

export function files(
  db: Database,
  tenant: string,
  query: PageQuery & { readonly purpose?: string | undefined },
): Page<FileRecord> {
  const only = query.purpose === undefined ? undefined : ({ column: "purpose", value: query.purpose } as const);
  return page(db, { table: "file", columns: COLUMNS, tenant, query, only }) as unknown as Page<FileRecord>;
}

export function removeFile(db: Database, tenant: string, id: string): boolean {
  return db.run("DELETE FROM file WHERE id = ? AND tenant = ?", id, tenant) > 0;
}

export function removeExpiredFiles(db: Database, now: number): number {
  return db.run("DELETE FROM file WHERE expires_at <= ?", now);
}

export function unusedBlobs(db: Database, names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      db.get("SELECT 1 FROM file WHERE blob = ?", name) === undefined &&
      db.get("SELECT 1 FROM batch WHERE input_blob = ? AND ended_at IS NULL", name) === undefined,
  );
}
