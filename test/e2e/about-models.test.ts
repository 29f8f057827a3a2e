import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startModelServer, type ModelServer } from "../../src/testing/index.ts";
import { startGateway, type GatewayUnderTest, type Json } from "../support/gateway.ts";
import { localServer } from "../support/local-server.ts";

async function json(answer: Promise<Response>): Promise<Json> {
  return (await (await answer).json()) as Json;
}

/** A gateway with a server of its own model, and a second one. */
async function withSecond(second: ModelServer): Promise<GatewayUnderTest> {
  const it = await startGateway({ server: { engine: "omlx", models: ["first"] } });
  await it.gateway.addUpstream({ url: second.url, name: "second", models: { alias: { mine: "org/second" } } });
  return it;
}

describe("GET /v1/models/NAME", () => {
  test("answers NAME@background, NAME@50 and an alias like NAME, under the name that was asked for", async () => {
    await using it = await startGateway({
      server: { engine: "omlx", models: ["org/one:tag"] },
      upstream: { models: { alias: { mine: "org/one:tag" } } },
    });
    const plain = await json(it.get("/v1/models/org/one:tag"));
    assert.equal(plain["id"], "org/one:tag");
    for (const id of ["org/one:tag@background", "org/one:tag@50", "mine", "mine@foreground"]) {
      for (const path of [id, id.replace("@", "%40"), `${id}/`]) {
        assert.deepEqual(await json(it.get(`/v1/models/${path}`)), { ...plain, id }, path);
      }
    }
    assert.equal(it.ended.at(-1)!.upstream, it.gateway.upstreams.all[0]!.name);
  });

  test("of a model that is not there is the server's own refusal", async () => {
    await using it = await startGateway({ server: { engine: "omlx" } });
    for (const name of ["nothing", "nothing@background"]) {
      const answer = await it.get(`/v1/models/${name}`);
      assert.deepEqual([answer.status, /nothing/.test(await answer.text())], [404, true]);
    }
    assert.equal(it.server.served.at(-1)!.url, "/v1/models/nothing");
  });

  test("is asked of the server that has the model", async () => {
    await using second = await startModelServer({ engine: "omlx", models: ["org/second"] });
    await using it = await withSecond(second);
    for (const name of ["org/second", "org/second@background", "mine"]) {
      assert.equal((await json(it.get(`/v1/models/${name}`)))["id"], name);
    }
    assert.equal((await json(it.get("/v1/models/first")))["id"], "first");
    assert.ok(it.server.served.every(({ url }) => !url.includes("second")));
  });
});

test("a question about a model goes to the server that has it, with the name that this server knows", async () => {
  await using second = await startModelServer({ engine: "ollama", models: ["org/second"] });
  await using it = await withSecond(second);
  const shown = (): [string, string] => {
    const { url, body } = second.served.at(-1)!;
    return [url, body.toString()];
  };
  for (const name of ["org/second", "mine", "org/second@background", "mine@foreground"]) {
    await (await it.post("/api/show", `{"model": "${name}", "verbose":1e0}`)).text();
    assert.deepEqual(shown(), ["/api/show", '{"model": "org/second", "verbose":1e0}'], name);
    assert.equal(it.ended.at(-1)!.upstream, "second");
  }
  await (await it.post("/api/show", '{"name":"mine"}')).text();
  assert.deepEqual(shown(), ["/api/show", '{"name":"org/second"}']);
  await (await it.get("/props?model=org/second")).text();
  assert.equal(shown()[0], "/props?model=org/second");
});

test("what changes a model gets the very name that was written, and what is no JSON passes as it is", async () => {
  const seen: string[] = [];
  await using server = await localServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== "GET") seen.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
    response.end(request.url === "/v1/models" ? JSON.stringify({ data: [{ id: "one" }] }) : "{}");
  });
  await using it = await startGateway({ server: null });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  const bodies = [
    ["DELETE", "/api/delete", '{"model":"one@background"}'],
    ["POST", "/api/copy", '{"source":"one@background","model":"one@background"}'],
    ["POST", "/tokenize", "{bad"],
    ["POST", "/api/show", "[]"],
  ] as const;
  for (const [method, path, body] of bodies) await (await fetch(it.url + path, { method, body })).text();
  assert.deepEqual(
    seen,
    bodies.map((parts) => parts.join(" ")),
  );
});
