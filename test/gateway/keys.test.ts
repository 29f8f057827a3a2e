import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { KeyConfig } from "../../src/gateway/config/types.ts";
import { Keys } from "../../src/gateway/keys.ts";

const CONFIG: readonly KeyConfig[] = [
  { name: "chat", key: "chat-key-1", role: "user", priority: 0, ceiling: undefined, maxWaitMs: undefined },
  { name: "chat", key: "chat-key-2", role: "user", priority: 0, ceiling: undefined, maxWaitMs: undefined },
  { name: "agents", key: "agents-key", role: "user", priority: 50, ceiling: 10, maxWaitMs: 5000 },
  { name: "boss", key: "boss-key-12", role: "admin", priority: undefined, ceiling: undefined, maxWaitMs: undefined },
];
const keys = new Keys(CONFIG);

function clientOf(headers: IncomingHttpHeaders): string | undefined {
  return keys.identify(headers)?.client;
}

describe("keys", () => {
  it("without keys everybody is local and may do everything, whatever they send", () => {
    const none = new Keys([]);
    assert.equal(none.required, false);
    for (const headers of [{}, { authorization: "Bearer sk-anything" }, { "x-api-key": "x" }]) {
      const identity = none.identify(headers);
      assert.deepEqual([identity?.client, identity?.role, identity?.ceiling], ["local", "admin", undefined]);
    }
  });

  it("a key comes as bearer token, as x-api-key or as api-key", () => {
    assert.equal(keys.required, true);
    assert.equal(clientOf({ authorization: "Bearer agents-key" }), "agents");
    assert.equal(clientOf({ authorization: "bearer  agents-key " }), "agents");
    assert.equal(clientOf({ "x-api-key": "agents-key" }), "agents");
    assert.equal(clientOf({ "api-key": "agents-key" }), "agents");
  });

  it("a key brings its role, its priority, its ceiling and its wait", () => {
    assert.deepEqual(keys.identify({ "x-api-key": "agents-key" }), {
      client: "agents",
      role: "user",
      priority: 50,
      ceiling: 10,
      maxWaitMs: 5000,
    });
    assert.equal(keys.identify({ "x-api-key": "boss-key-12" })?.role, "admin");
  });

  it("several keys of one name are one client", () => {
    assert.equal(clientOf({ "x-api-key": "chat-key-1" }), "chat");
    assert.equal(clientOf({ "x-api-key": "chat-key-2" }), "chat");
  });

  it("a token of the client's own beside the key does no harm; of two keys that are known the first counts", () => {
    assert.equal(clientOf({ authorization: "Bearer sk-dummy", "x-api-key": "agents-key" }), "agents");
    assert.equal(clientOf({ authorization: "Bearer agents-key", "x-api-key": "boss-key-12" }), "agents");
  });

  it("whatever is not exactly a key is nobody", () => {
    for (const authorization of [
      "agents-key",
      "Bearer",
      "Bearer ",
      "Bearer agents-ke",
      "Bearer agents-key1",
      "Bearer AGENTS-KEY",
      "Bearer agents-key agents-key",
      "Basic agents-key",
      "Bearer chat",
      "",
    ]) {
      assert.equal(clientOf({ authorization }), undefined, authorization);
    }
    assert.equal(clientOf({ "x-api-key": "" }), undefined);
    assert.equal(clientOf({}), undefined);
    fc.assert(
      fc.property(fc.string(), (key) => clientOf({ authorization: `Bearer ${key}`, "x-api-key": key }) === undefined),
    );
  });
});
