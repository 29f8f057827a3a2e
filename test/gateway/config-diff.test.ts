import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diffConfig, takeOver } from "../../src/gateway/config/diff-config.ts";
import { parseConfig } from "../../src/gateway/config/load-config.ts";

const before = parseConfig({ keys: [{ name: "chat", key: "abcdefgh" }] });

function after(values: object): ReturnType<typeof diffConfig> {
  return diffConfig(before, parseConfig({ keys: [{ name: "chat", key: "abcdefgh" }], ...values }));
}

describe("configuration: what a reload changes", () => {
  it("nothing, when the values are equal, however they are written", () => {
    assert.deepEqual(after({ defaultPriority: "background", listen: [{}] }), { changed: [], needRestart: [] });
  });

  it("rules, keys, limits of the lanes and the log level, without a restart", () => {
    const change = after({
      rules: [{ path: "/x", priority: 5 }],
      keys: [{ name: "chat", key: "its-successor" }],
      queue: { background: { maxWaiting: 5 }, foreground: { maxWaitMs: 1000 } },
      log: { level: "debug" },
    });
    const changed = ["rules", "keys", "queue.foreground.maxWaitMs", "queue.background.maxWaiting", "log.level"];
    assert.deepEqual(change, { changed, needRestart: [] });
  });

  it("listeners, servers and what a gate is made with, only with one", () => {
    const change = after({
      listen: [{ port: 1 }],
      upstreams: [{ url: "http://127.0.0.1:8080" }],
      queue: { agingMs: 1000, heartbeatAfterMs: 1000 },
    });
    assert.deepEqual(change.changed, ["listen", "upstreams", "queue.agingMs", "queue.heartbeatAfterMs"]);
    assert.deepEqual(change.needRestart, ["listen", "upstreams", "queue.agingMs"]);
  });

  it("a running gateway takes over what it can and keeps the rest", () => {
    const reloaded = parseConfig({
      defaultPriority: 50,
      queue: { agingMs: 1000, heartbeatAfterMs: 1000 },
      discover: true,
    });
    const now = takeOver(before, reloaded);
    assert.equal(now.defaultPriority, 50);
    assert.deepEqual(now.keys, []);
    assert.equal(now.queue.heartbeatAfterMs, 1000);
    assert.equal(now.queue.agingMs, undefined);
    assert.equal(now.discover, undefined);
    assert.deepEqual(diffConfig(reloaded, now).changed, ["discover", "queue.agingMs"]);
    assert.equal(reloaded.queue.agingMs, 1000);
  });

  it("names options, and never their values", () => {
    assert.doesNotMatch(JSON.stringify(after({ keys: [] })), /abcdefgh/);
  });
});
