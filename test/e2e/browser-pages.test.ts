import assert from "node:assert/strict";
import { test } from "node:test";
import { startGateway } from "../support/gateway.ts";
import { localServer } from "../support/local-server.ts";
import { CHAT, chat, refusal } from "./talk.ts";

const ORIGIN = "https://chat.example.org";
const WITH_KEYS = { allowedOrigins: [ORIGIN], keys: [{ name: "page", key: "page-key-123" }] };
const ASKS = {
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization,content-type,x-stainless-retry-count",
};

function preflight(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method: "OPTIONS", headers: { ...ASKS, ...headers } });
}

test("a browser's question for a welcome page is answered without a key, and never reaches the server", async () => {
  await using it = await startGateway({ config: WITH_KEYS });
  for (const path of [CHAT, "/v1/models", "/background/v1/messages", "/api/chat"]) {
    const answer = await preflight(it.url + path, { origin: ORIGIN });
    assert.deepEqual([answer.status, await answer.text()], [204, ""], path);
    assert.equal(answer.headers.get("access-control-allow-origin"), ORIGIN);
    assert.equal(answer.headers.get("access-control-allow-methods"), "POST");
    assert.equal(answer.headers.get("access-control-allow-headers"), ASKS["access-control-request-headers"]);
    assert.match(answer.headers.get("vary")!, /origin/i);
    assert.equal(answer.headers.get("access-control-allow-private-network"), null);
  }
  const atHome = await preflight(it.url + CHAT, { origin: ORIGIN, "access-control-request-private-network": "true" });
  assert.equal(atHome.headers.get("access-control-allow-private-network"), "true");
  assert.ok(it.server.served.every(({ method }) => method !== "OPTIONS"));
});

test("a browser's question for a foreign page is refused, and tells the page nothing", async () => {
  await using it = await startGateway({ config: WITH_KEYS });
  const answer = await preflight(it.url + CHAT, { origin: "https://evil.example" });
  assert.equal(answer.headers.get("access-control-allow-origin"), null);
  assert.deepEqual((await refusal(answer)).status, 403);
});

test("no page is let near Headgate's own routes by asking", async () => {
  await using it = await startGateway({ config: { allowedOrigins: [ORIGIN] } });
  for (const path of ["/headgate/pause", "/headgate/status", "/headgate/permits"]) {
    const answer = await preflight(it.url + path, { origin: ORIGIN });
    await answer.text();
    assert.deepEqual([answer.status, answer.headers.get("access-control-allow-origin")], [404, null], path);
  }
});

test("a question that no browser asks is the server's business, and needs a key", async () => {
  await using it = await startGateway({ config: WITH_KEYS });
  assert.equal((await refusal(await fetch(it.url + CHAT, { method: "OPTIONS" }))).status, 401);
});

test("a welcome page can read why it was refused, and when to come back", async () => {
  await using it = await startGateway({ config: WITH_KEYS });
  const origin = { origin: ORIGIN };
  const authorized = { ...origin, authorization: "Bearer page-key-123" };
  await it.server.goDown();
  for (const [headers, status] of [
    [origin, 401],
    [authorized, 503],
  ] as const) {
    const answer = await it.post(CHAT, chat(), { headers });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("access-control-allow-origin"), ORIGIN);
    assert.match(answer.headers.get("access-control-expose-headers")!, /Retry-After.*X-Headgate-Request-Id/);
    await answer.text();
  }
  const foreign = await it.post(CHAT, chat(), { headers: { ...authorized, origin: "https://evil.example" } });
  assert.deepEqual([foreign.status, foreign.headers.get("access-control-allow-origin")], [403, null]);
  await foreign.text();
});

test("an answer allows one origin, whatever the server says of it, and none where no page asks", async () => {
  await using server = await localServer((request, response) => {
    if (request.url !== "/anything") response.writeHead(404).end();
    else response.setHeader("Access-Control-Allow-Origin", "*").setHeader("Vary", "Accept").end("yes");
  });
  await using it = await startGateway({ server: null, config: { allowedOrigins: [ORIGIN] } });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  const answer = await it.get("/anything", { origin: ORIGIN });
  assert.deepEqual([await answer.text(), answer.headers.get("access-control-allow-origin")], ["yes", ORIGIN]);
  assert.equal(answer.headers.get("vary"), "Accept, Origin");
  const noPage = await it.get("/anything");
  assert.deepEqual([await noPage.text(), noPage.headers.get("access-control-allow-origin")], ["yes", "*"]);
});
