import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, CHAT, chat, refusal, stream } from "../e2e/talk.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { PermitCall } from "../support/permit-call.ts";

/** Resolves once so many requests wait, at the gate or behind another on the same permit. */
function waiting(gateway: GatewayUnderTest, count: number): Promise<void> {
  return gateway.until(() => {
    const live = [...gateway.gateway.requests.live.values()];
    return live.filter(({ state, path }) => state === "waiting" && path === CHAT).length === count;
  });
}

/** What the server was asked, in the order in which it began. */
function order({ server }: GatewayUnderTest): string[] {
  return server.served.filter(({ isWork }) => isWork).map(({ body }) => asked(body));
}

test("a request that rides on its holder's permit runs at once, by path and by header, while others wait", async () => {
  await using gateway = await startGateway();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  const stranger = gateway.post(CHAT, chat("stranger"), { headers: { "x-headgate-priority": "foreground" } });
  await waiting(gateway, 1);
  const riding = [
    await gateway.post(`/permit/${id}${CHAT}`, chat("by path")),
    await gateway.post(CHAT, chat("by header"), { headers: { "x-headgate-permit": id } }),
    await gateway.post(`/background/permit/${id}${CHAT}`, stream("by path, streaming")),
  ];
  for (const response of riding) {
    assert.equal(response.status, 200);
    await response.text();
  }
  assert.equal(gateway.gate.waiting, 1);
  holder.hangUp();
  assert.equal((await stranger).status, 200);
  assert.deepEqual(order(gateway), ["by path", "by header", "by path, streaming", "stranger"]);
});

test("requests on one permit go one at a time, so the server never gets more than it has slots", async () => {
  await using gateway = await startGateway({ server: { slots: 2 }, upstream: { capacity: 2 } });
  gateway.server.pauseTokens();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  const other = gateway.post(CHAT, chat("other slot"));
  const riding = [1, 2, 3].map((n) => gateway.post(`/permit/${id}${CHAT}`, chat(`ride ${n}`)));
  await waiting(gateway, 2);
  gateway.server.resumeTokens();
  for (const response of await Promise.all([other, ...riding])) assert.equal(response.status, 200);
  assert.ok(gateway.server.maxLive <= 2);
  holder.hangUp();
});

test("a permit released under a running request goes on when that request is done; who waited to ride is told 409", async () => {
  await using gateway = await startGateway();
  gateway.server.pauseTokens();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  const running = gateway.post(`/permit/${id}${CHAT}`, chat("running"));
  await gateway.server.when("started");
  const behind = gateway.post(`/permit/${id}${CHAT}`, chat("behind"));
  await waiting(gateway, 1);
  const next = new PermitCall(gateway);
  await next.expect("waiting");

  const released = fetch(`${gateway.url}/headgate/permits/${id}`, { method: "DELETE" });
  assert.deepEqual((await refusal(await behind)).code, "permit_unknown");
  assert.deepEqual([gateway.gate.held, gateway.gate.waiting], [1, 1]);
  gateway.server.resumeTokens();
  assert.equal((await running).status, 200);
  await next.expect("granted");
  await holder.expect("released");
  assert.equal((await released).status, 200);
  next.hangUp();
});

test("a holder that dies under a running request: the permit goes on when that request is done", async () => {
  await using gateway = await startGateway();
  gateway.server.pauseTokens();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  const running = gateway.post(`/permit/${id}${CHAT}`, chat("running"));
  await gateway.server.when("started");
  const behind = gateway.post(`/permit/${id}${CHAT}`, chat("behind"));
  await waiting(gateway, 1);
  const next = new PermitCall(gateway);
  await next.expect("waiting");
  holder.socket.resetAndDestroy();
  assert.equal((await behind).status, 409);
  assert.deepEqual([gateway.gate.held, gateway.gate.waiting], [1, 1]);
  gateway.server.resumeTokens();
  assert.equal((await running).status, 200);
  await next.expect("granted");
  next.hangUp();
});

test("a permit that was released carries nobody: 409 that says what to do", async () => {
  await using gateway = await startGateway();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  holder.hangUp();
  await gateway.over(1);
  const { status, code, message } = await refusal(await gateway.post(`/permit/${id}${CHAT}`, chat()));
  assert.deepEqual([status, code], [409, "permit_unknown"]);
  assert.match(message, /acquire a new one/);
  assert.equal((await refusal(await gateway.post(`/permit/never${CHAT}`, chat()))).status, 409);
});

test("a permit that waits carries nobody yet", async () => {
  await using gateway = await startGateway();
  const holder = new PermitCall(gateway);
  await holder.expect("granted");
  const waiter = new PermitCall(gateway);
  const { id } = await waiter.expect("waiting");
  assert.equal((await refusal(await gateway.post(`/permit/${String(id)}${CHAT}`, chat()))).status, 409);
  waiter.hangUp();
  holder.hangUp();
});

test("a holder steps aside only between its requests, and one that comes meanwhile runs when the permit is back", async () => {
  await using gateway = await startGateway();
  gateway.server.pauseTokens();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  const running = gateway.post(`/permit/${id}${CHAT}`, chat("before"));
  await gateway.server.when("started");
  const person = gateway.post(`/foreground${CHAT}`, chat("person"));
  await gateway.waiting(1);
  const stepping = gateway.post(`/headgate/permits/${id}/yield`, {});
  const after = gateway.post(`/permit/${id}${CHAT}`, chat("after"));
  await waiting(gateway, 2);
  assert.equal(gateway.server.live, 1);
  gateway.server.resumeTokens();
  await holder.expect("parked");
  await holder.expect("granted");
  assert.deepEqual(await (await stepping).json(), { kept: false });
  for (const response of [running, person, after]) assert.equal((await response).status, 200);
  assert.deepEqual(order(gateway), ["before", "person", "after"]);
  holder.hangUp();
});

test("who waits to ride hears heartbeats, leaves the line when it hangs up, and may wait no longer than it allows", async () => {
  await using gateway = await startGateway({ config: { queue: { heartbeatAfterMs: 1 } } });
  gateway.server.pauseTokens();
  const holder = new PermitCall(gateway);
  const id = await holder.granted();
  const running = gateway.post(`/permit/${id}${CHAT}`, chat("running"));
  await gateway.server.when("started");
  const controller = new AbortController();
  const streaming = await gateway.post(`/permit/${id}${CHAT}`, stream("leaves"), { signal: controller.signal });
  const { value } = (await streaming.body!.getReader().read()) as { value: Uint8Array };
  assert.match(Buffer.from(value).toString(), /^:/);
  controller.abort();
  await gateway.until(() => gateway.outcomes.includes("client_closed"));
  const impatient = await gateway.post(`/permit/${id}${CHAT}`, chat(), { headers: { "x-headgate-max-wait": "0.001" } });
  assert.deepEqual((await refusal(impatient)).code, "queue_timeout");
  gateway.server.resumeTokens();
  assert.equal((await running).status, 200);
  holder.hangUp();
});

test("a permit of another gate is no way past this one: the request waits like any other", async () => {
  await using gateway = await startGateway();
  await gateway.gateway.addUpstream({ url: "http://127.0.0.1:9", name: "far", gate: "far", models: { alias: {} } });
  const holder = new PermitCall(gateway);
  await holder.expect("granted");
  const elsewhere = new PermitCall(gateway, {}, { query: "?upstream=far" });
  const id = await elsewhere.granted();
  const request = gateway.post(`/permit/${id}${CHAT}`, chat("waits", { model: gateway.server.model }));
  await gateway.waiting(1);
  holder.hangUp();
  assert.equal((await request).status, 200);
  elsewhere.hangUp();
});
