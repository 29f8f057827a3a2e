import assert from "node:assert/strict";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Gate } from "../../src/gate/index.ts";
import { parseConfig } from "../../src/gateway/config/load-config.ts";
import type { Identity } from "../../src/gateway/keys.ts";
import { waitLimitMs } from "../../src/gateway/wait-limit.ts";

const NOBODY: Identity = {
  client: "local",
  role: "user",
  priority: undefined,
  ceiling: undefined,
  maxWaitMs: undefined,
};
const config = parseConfig({ queue: { foreground: { maxWaitMs: 20_000 }, background: { maxWaitMs: 600_000 } } });
const free = parseConfig({});

interface Case {
  readonly of?: typeof config;
  readonly headers?: IncomingHttpHeaders;
  readonly priority?: number;
  readonly maxWaitMs?: number;
  readonly heartbeatMs?: number;
}

function limit({ of = free, headers = {}, priority = 100, maxWaitMs, heartbeatMs }: Case): number | undefined {
  const request = { headers } as IncomingMessage;
  return waitLimitMs(of, { request, identity: { ...NOBODY, maxWaitMs } }, priority, heartbeatMs);
}

describe("wait limit", () => {
  it("there is none unless somebody sets one", () => {
    assert.equal(limit({}), undefined);
  });

  it("is that of the class, of the key or of the client, whichever is shortest", () => {
    assert.equal(limit({ of: config, priority: 0 }), 20_000);
    assert.equal(limit({ of: config }), 600_000);
    assert.equal(limit({ of: config, maxWaitMs: 5000 }), 5000);
    assert.equal(limit({ of: config, maxWaitMs: 5000, headers: { "x-headgate-max-wait": "2.5" } }), 2500);
    assert.equal(limit({ of: config, headers: { "x-headgate-max-wait": "86400" } }), 600_000);
  });

  it("0 is a limit: only if it can run at once", () => {
    assert.equal(limit({ of: config, headers: { "x-headgate-max-wait": "0" } }), 0);
  });

  it("what is no duration says nothing", () => {
    for (const text of ["", " ", "soon", "-1", "1e3", "0x10", "NaN", "Infinity", "1,2", "10s"]) {
      assert.equal(limit({ headers: { "x-headgate-max-wait": text, "x-stainless-timeout": text } }), undefined, text);
    }
    assert.equal(limit({ headers: { "x-headgate-max-wait": " 3 " } }), 3000);
  });

  it("ends shortly before the SDK hangs up, so that it hears why and when to come again", () => {
    assert.equal(limit({ headers: { "x-stainless-timeout": "600" } }), 599_000);
    assert.equal(limit({ headers: { "x-stainless-read-timeout": "600.0" } }), 599_000);
    assert.equal(limit({ headers: { "x-stainless-timeout": "2" } }), 1800);
    assert.equal(limit({ headers: { "x-stainless-timeout": "600", "x-stainless-read-timeout": "60" } }), 59_000);
  });

  it("an SDK limit below a second, which is sent as 0, is left to the SDK", () => {
    assert.equal(limit({ headers: { "x-stainless-timeout": "0" } }), undefined);
  });

  it("an SDK that hears heartbeats does not hang up, unless they come too late", () => {
    const headers = { "x-stainless-timeout": "60" };
    assert.equal(limit({ headers, heartbeatMs: 15_000 }), undefined);
    assert.equal(limit({ headers, heartbeatMs: 90_000 }), 59_000);
    assert.equal(limit({ headers: { ...headers, "x-headgate-max-wait": "5" }, heartbeatMs: 15_000 }), 5000);
  });

  it("a client can only shorten it, and whatever it says the gate takes the limit", () => {
    const gate = new Gate({ capacity: 0 });
    const number = fc.double({ noNaN: true }).map(String);
    const header = fc.oneof(fc.string(), number, fc.nat().map(String), fc.stringMatching(/^\d{1,400}$/));
    const names = ["x-headgate-max-wait", "x-stainless-timeout", "x-stainless-read-timeout"];
    const headers = fc.dictionary(fc.constantFrom(...names), header);
    fc.assert(
      fc.property(headers, fc.constantFrom(0, 100), (claims, priority) => {
        const timeoutMs = limit({ of: config, headers: claims, priority });
        assert.ok(timeoutMs !== undefined && timeoutMs >= 0 && timeoutMs <= limit({ of: config, priority })!);
        const open = limit({ headers: claims, priority });
        const leave = new AbortController();
        const waiting = gate.acquire({ timeoutMs: open, signal: leave.signal });
        waiting.catch(() => {});
        leave.abort();
      }),
    );
    assert.equal(gate.waiting, 0);
  });
});
