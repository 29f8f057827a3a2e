import fc from "fast-check";
import type { ClaimedLine, Settlement } from "../../src/store/line-record.ts";
import type { Method } from "../../src/store/sqlite/operations.ts";
import type { Store } from "../../src/store/store.ts";
import { aBatch, aFile, aLine, answered, NOW, NOW_MS, settlementOf, unanswered } from "./samples.ts";

/** A call of a method, and its arguments once it is known what was claimed so far. */
export interface ModelCall {
  readonly method: Method;
  readonly args: (claimed: readonly ClaimedLine[]) => readonly unknown[];
}

/** Either calls that come in together, or an end of the process: an orderly one or a crash. */
export type ModelStep = readonly ModelCall[] | "close" | "crash";

const batchId = fc.constantFrom("b0", "b1", "b2");
const fileId = fc.constantFrom("f0", "f1", "f2", "f3");
const tenant = fc.constantFrom("", "t");
const time = fc.integer({ min: 0, max: 9 });
const order = fc.constantFrom("asc" as const, "desc" as const);
const limit = fc.integer({ min: 1, max: 3 });
const which = fc.constantFrom("output" as const, "error" as const);

function call<M extends Method>(method: M, args: fc.Arbitrary<Parameters<Store[M]>>): fc.Arbitrary<ModelCall> {
  return args.map((values) => ({ method, args: () => values }));
}

const file = fc
  .record({ id: fileId, tenant, expires: fc.option(time), purpose: fc.constantFrom("batch", "user_data") })
  .map(({ id, tenant: owner, expires, purpose }) =>
    aFile(id, { tenant: owner, expiresAt: expires === null ? null : NOW + expires, purpose, blob: `blob-${id}` }),
  );

const batch = fc
  .record({ id: batchId, owner: tenant, expires: time, blob: fileId })
  .map(({ id, owner, expires, blob }) =>
    aBatch(id, { tenant: owner, expiresAt: NOW + expires, inputBlob: `blob-${blob}` }),
  );

const idempotency = fc.option(
  fc.record({
    key: fc.constantFrom("k1", "k2"),
    fingerprint: fc.constantFrom("f1", "f2"),
    until: time.map((at) => NOW - 5 + at),
  }),
  { nil: undefined },
);

/** The lines of a batch are always the same; validation adds them in pieces, and again after a crash. */
const lines = fc
  .uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 6 })
  .map((places) => places.map((n) => aLine(n, n % 2)));

const usage = fc.record({ input: time, cached: time, output: time, reasoning: time });
const result: fc.Arbitrary<Settlement["result"]> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ usage, statusCode: fc.constantFrom(200, 200, 201, 400) }).map(answered) },
  fc.constant(unanswered),
  time.map((at) => ({ kind: "retry" as const, retryAt: NOW_MS + at })),
  fc.constant({ kind: "giveBack" as const }),
  time.map((at) => ({ kind: "giveBack" as const, notBefore: NOW_MS + at })),
);

/** Settlements of lines that were claimed at some time: in flight, given back, ended, of a batch long gone. */
const settle: fc.Arbitrary<ModelCall> = fc
  .record({
    results: fc.array(fc.tuple(fc.nat(), result), { maxLength: 4 }),
    take: fc.integer({ min: 0, max: 3 }),
    at: time,
  })
  .map(({ results, take, at }) => ({
    method: "settle",
    args: (claimed) => {
      const settlements = results.flatMap(([pick, outcome]) => {
        const line = claimed.at(-1 - (pick % Math.max(1, claimed.length)));
        return line === undefined ? [] : [settlementOf(line, outcome)];
      });
      return [settlements, { limit: take, nowMs: NOW_MS + at }];
    },
  }));

const modelCall: fc.Arbitrary<ModelCall> = fc.oneof(
  { weight: 14, arbitrary: settle },
  call("addFile", fc.tuple(file)),
  call("file", fc.tuple(tenant, fileId)),
  call("files", fc.tuple(tenant, fc.record({ limit, order, after: fc.option(fileId, { nil: undefined }) }))),
  call("removeFile", fc.tuple(tenant, fileId)),
  call("removeExpiredFiles", fc.tuple(time.map((at) => NOW + at))),
  call("unusedBlobs", fc.constant([["blob-f0", "blob-f1", "blob-f2", "stray"]])),
  { weight: 4, arbitrary: call("createBatch", fc.tuple(batch, idempotency)) },
  call("batch", fc.tuple(tenant, batchId)),
  call("batches", fc.tuple(tenant, fc.record({ limit, order, after: fc.option(batchId, { nil: undefined }) }))),
  call("openBatches", fc.constant([])),
  { weight: 4, arbitrary: call("addLines", fc.tuple(batchId, lines)) },
  { weight: 4, arbitrary: call("start", fc.tuple(batchId, fc.constant({ total: 6, model: "m", now: NOW }))) },
  call("fail", fc.tuple(batchId, fc.constant([{ code: "empty_file", message: "", line: null, param: null }]), time)),
  call("setPaused", fc.tuple(tenant, batchId, fc.boolean())),
  call("end", fc.tuple(batchId, fc.constantFrom("expired", "cancelled"), time)),
  call("nextRetryAt", fc.constant([])),
  {
    weight: 3,
    arbitrary: call("finalize", fc.tuple(batchId, fc.constant({ outputFileId: "o", errorFileId: "e", now: NOW }))),
  },
  {
    weight: 2,
    arbitrary: call("results", fc.tuple(batchId, fc.record({ which, after: fc.integer({ min: -1, max: 4 }), limit }))),
  },
  { weight: 2, arbitrary: call("finish", fc.tuple(batchId, fc.array(file, { maxLength: 1 }), time)) },
  call("removeEndedBatches", fc.tuple(time)),
);

export const modelSteps: fc.Arbitrary<ModelStep[]> = fc.array(
  fc.oneof(
    { weight: 30, arbitrary: fc.array(modelCall, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom("close" as const, "crash" as const) },
  ),
  { maxLength: 80, size: "max" },
);
