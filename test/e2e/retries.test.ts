import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { GatewayUnderTest } from "../support/gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { occupied, order } from "./line.ts";
import { CHAT, chat } from "./talk.ts";

type Headers = Record<string, string>;

/** Resolves once the request stands in line; its answer comes later. */
async function queue(it: GatewayUnderTest, text: string, headers: Headers = {}): Promise<{ answer: Promise<string> }> {
  const { waiting } = it.gate;
  const answer = it.post(CHAT, chat(text), { headers }).then((response) => response.text());
  await it.waiting(waiting + 1);
  return { answer };
}

/** A request that hangs up while it waits. */
async function giveUp(it: GatewayUnderTest, text: string, headers: Headers): Promise<void> {
  const { waiting } = it.gate;
  const ended = it.ended.length;
  const client = new AbortController();
  const request = it.post(CHAT, chat(text), { headers, signal: client.signal });
  await it.waiting(waiting + 1);
  client.abort();
  await assert.rejects(request);
  await it.over(ended + 1);
}

/** One gives up, another comes, then the first comes again: in which order were they served? */
async function servedAfter(first: Headers, again: Headers, text = "impatient"): Promise<string[]> {
  const { it, running } = await occupied();
  await using _ = it;
  await giveUp(it, "impatient", first);
  const other = await queue(it, "other");
  const retry = await queue(it, text, again);
  it.server.resumeTokens();
  await Promise.all([other.answer, retry.answer, running.then((response) => response.text())]);
  return order(it).slice(1);
}

test("a stock client that is refused for waiting too long finds its old place when it tries again", async () => {
  const clock = new ManualClock();
  const { it, running } = await occupied({ clock });
  await using _ = it;
  const client = new OpenAI({
    baseURL: `${it.url}/v1`,
    apiKey: "none",
    maxRetries: 1,
    defaultHeaders: { "X-Headgate-Max-Wait": "30" },
  });
  const retried = client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "impatient" }] });
  await it.waiting(1);
  const other = await queue(it, "other");
  clock.advance(30_000);
  await it.waiting(1);
  await it.waiting(2);
  it.server.resumeTokens();
  await Promise.all([retried, other.answer, running.then((response) => response.text())]);
  assert.deepEqual(order(it), ["running", "impatient", "other"]);
});

test("who hangs up and comes again with its Idempotency-Key has its old place", async () => {
  const headers = { "idempotency-key": "e5e7-1" };
  assert.deepEqual(await servedAfter(headers, headers), ["impatient", "other"]);
});

test("who hangs up and sends the same body as a counted retry has its old place", async () => {
  const counted = (count: string): Headers => ({ "x-stainless-retry-count": count });
  assert.deepEqual(await servedAfter(counted("0"), counted("1")), ["impatient", "other"]);
});

test("a new request is no retry: same body but no count, other key, other body, or other client's key", async () => {
  const counted = (count: string): Headers => ({ "x-stainless-retry-count": count });
  assert.deepEqual(await servedAfter(counted("0"), counted("0")), ["other", "impatient"]);
  assert.deepEqual(await servedAfter(counted("0"), {}), ["other", "impatient"]);
  assert.deepEqual(await servedAfter(counted("0"), counted("1"), "something else"), ["other", "something else"]);
  assert.deepEqual(await servedAfter({ "idempotency-key": "a" }, { "idempotency-key": "b" }), ["other", "impatient"]);
});

test("a place is given once: the second that claims it goes to the end", async () => {
  const { it, running } = await occupied();
  await using _ = it;
  const headers = { "idempotency-key": "once" };
  await giveUp(it, "impatient", headers);
  const answers = [await queue(it, "other"), await queue(it, "retry", headers), await queue(it, "twin", headers)];
  it.server.resumeTokens();
  await Promise.all([...answers.map(({ answer }) => answer), running.then((response) => response.text())]);
  assert.deepEqual(order(it), ["running", "retry", "other", "twin"]);
});

test("a place is kept for two minutes", async () => {
  const clock = new ManualClock();
  const { it, running } = await occupied({ clock });
  await using _ = it;
  const headers = { "idempotency-key": "late" };
  await giveUp(it, "impatient", headers);
  const other = await queue(it, "other");
  clock.advance(120_000);
  const retry = await queue(it, "late", headers);
  it.server.resumeTokens();
  await Promise.all([other.answer, retry.answer, running.then((response) => response.text())]);
  assert.deepEqual(order(it), ["running", "other", "late"]);
});
