import assert from "node:assert/strict";
import { test } from "node:test";
import { configSchema } from "../../src/gateway/config/schema.ts";
import { startGateway } from "../support/gateway.ts";
import { CHAT, chat } from "./talk.ts";

test("a reload takes over keys and limits at once, and names what waits for the next start", async () => {
  await using it = await startGateway();
  assert.equal((await it.post(CHAT, chat())).status, 200);
  const change = it.gateway.reconfigure(
    configSchema.parse({
      listen: [{ port: 4 }],
      keys: [{ name: "new", key: "a-new-key-123" }],
      queue: { maxWaiting: 3 },
      log: { level: "error" },
    }),
  );
  assert.deepEqual(change.needRestart.toSorted(), ["listen", "queue.maxWaiting"]);
  assert.ok(change.changed.includes("keys"));
  assert.equal((await it.post(CHAT, chat())).status, 401);
  const authorized = await it.post(CHAT, chat(), { headers: { authorization: "Bearer a-new-key-123" } });
  assert.equal(authorized.status, 200);
  assert.equal(it.gateway.log.level, "error");
  assert.equal(it.gateway.config.queue.maxWaiting, 10_000);
});

test("a whole answer has no first token, a stream has", async () => {
  await using it = await startGateway({ server: { engine: "plain" } });
  await (await it.post(CHAT, chat())).text();
  await (await it.post(CHAT, chat("again", { stream: true }))).text();
  await it.until(() => it.ended.length === 2);
  const [whole, streamed] = it.ended;
  assert.equal(whole!.firstTokenAt, undefined);
  assert.ok(streamed!.firstTokenAt !== undefined);
});
