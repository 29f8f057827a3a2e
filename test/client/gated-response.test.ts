import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { withBody } from "../../src/client/gated-response.ts";
import { localServer } from "../support/local-server.ts";

/** A real answer behind a redirect, with a body of our own. */
async function dressed(url: string, text: string): Promise<{ original: Response; response: Response }> {
  const original = await fetch(url);
  const body = new Response(text).body;
  assert.ok(body);
  return { original, response: withBody(original, body) };
}

const redirecting = () =>
  localServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/here?x=1" }).end();
    else
      response
        .writeHead(203, "Half True", { "content-type": "application/json", "set-cookie": ["a=1", "b=2"] })
        .end("{}");
  });

test("the head reads as the original's does", async () => {
  await using server = await redirecting();
  const { original, response } = await dressed(`${server.url}/moved`, '{"answer":42}');
  assert.ok(response instanceof Response);
  assert.equal(response.url, `${server.url}/here?x=1`);
  assert.equal(response.redirected, true);
  assert.equal(response.type, original.type);
  assert.deepEqual([response.status, response.statusText, response.ok], [203, "Half True", true]);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.deepEqual(await response.json(), { answer: 42 });
  await original.body?.cancel();
});

test("a clone, and a clone of a clone, keep the head and have a body each", async () => {
  await using server = await redirecting();
  const { original, response } = await dressed(`${server.url}/moved`, "text");
  const clone = response.clone();
  const second = clone.clone();
  for (const each of [response, clone, second]) {
    assert.ok(each instanceof Response);
    assert.deepEqual([each.url, each.status, each.redirected], [`${server.url}/here?x=1`, 203, true]);
    assert.equal(await each.text(), "text");
    assert.equal(each.bodyUsed, true);
  }
  await original.body?.cancel();
});

test("a body that was read cannot be cloned, as with any response", async () => {
  await using server = await redirecting();
  const { original, response } = await dressed(server.url, "text");
  await response.text();
  assert.throws(() => response.clone(), TypeError);
  await original.body?.cancel();
});

test("a status that Response itself would refuse is kept", () => {
  const original = Response.json({});
  Object.defineProperty(original, "status", { value: 999 });
  const body = new Response("x").body;
  assert.ok(body);
  assert.equal(withBody(original, body).status, 999);
});

test("a clone's body outlives the garbage collection of everything but itself", async () => {
  assert.ok(gc, "run with --expose-gc");
  await using server = await redirecting();
  const { original, response } = await dressed(server.url, "text");
  const clone = response.clone();
  for (let round = 0; round < 5; round++) {
    gc();
    await nextTurn();
  }
  assert.equal(await clone.text(), "text");
  assert.equal(await response.text(), "text");
  await original.body?.cancel();
});
