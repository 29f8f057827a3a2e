import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

type Row = Record<string, SQLInputValue>;

/** One connection: statements are prepared once, and a write is a transaction or nothing. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string) {
    this.#connection = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
  }

  /** Statements without parameters, any number of them. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }

  /** Row by row, for as long as the caller wants more. */
  each(sql: string, ...values: SQLInputValue[]): IterableIterator<Row> {
    return this.#prepared(sql).iterate(...values) as IterableIterator<Row>;
  }

  /** The value of a pragma that has one. */
  pragma(name: string): SQLInputValue | undefined {
    const row = this.get(`PRAGMA ${name}`);
    return row === undefined ? undefined : Object.values(row)[0];
  }

  /**
   * Everything that `work` writes, or nothing of it. Taken for writing at once: a transaction that only turns out later to write can be
   * refused half-way.
   */
  transaction<T>(work: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    try {
      const value = work();
      this.exec("COMMIT");
      return value;
    } catch (error) {
      // SQLite itself rolls back what a full disk interrupted.
      if (this.#connection.isTransaction) this.exec("ROLLBACK");
      throw error;
    }
  }

  /** A part of a transaction that may fail on its own. */
  part<T>(work: () => T): T {
    this.exec("SAVEPOINT part");
    try {
      const value = work();
      this.exec("RELEASE part");
      return value;
    } catch (error) {
      if (this.#connection.isTransaction) this.exec("ROLLBACK TO part; RELEASE part");
      throw error;
    }
  }

  get isInTransaction(): boolean {
    return this.#connection.isTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
