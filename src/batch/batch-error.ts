/** A request about files or batches that cannot be served, with the HTTP status and the code that its sender is told. */
export class BatchError extends Error {
  override readonly name: string = "BatchError";
  readonly status: number;
  readonly code: string;
  /** The field of the request that is to blame. */
  readonly param: string | undefined;

  constructor(status: number, code: string, message: string, param?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

/** A field whose value cannot be taken. */
export function invalidValue(param: string, value: unknown, expected: string): BatchError {
  const got = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 100);
  const code = value === undefined ? "missing_required_parameter" : "invalid_value";
  return new BatchError(400, code, `${param} must be ${expected}; got ${got}`, param);
}

/** Also for what belongs to somebody else: nobody learns that it exists. */
export function noSuchFile(id: string, param = "id"): BatchError {
  return new BatchError(404, "not_found", `No such File object: ${id}`, param);
}

export function noSuchBatch(id: string): BatchError {
  return new BatchError(404, "not_found", `No batch found with id '${id}'.`, "id");
}
