import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { startGateway } from "../support/gateway.ts";
import { localServer } from "../support/local-server.ts";
import { postBytes, RawClient } from "./raw-http.ts";
import { CHAT, chat, refusal } from "./talk.ts";

/** The status line's number, and the body's error, of one request written by hand: fetch lets nobody choose a Host. */
async function answerTo(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string }> {
  using client = await RawClient.connect(port);
  client.write(postBytes(CHAT, JSON.stringify(chat()), { Connection: "close", ...headers }));
  await client.closed;
  return { status: Number(/HTTP\/1\.1 (\d+)/.exec(client.text)?.[1]), text: client.text };
}

test("a gateway answers to this machine's names and to addresses, with or without a port", async () => {
  await using it = await startGateway();
  const short = hostname().toLowerCase().split(".")[0]!;
  const names = [
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1",
    "[::1]:80",
    "192.168.1.7",
    short,
    `${short}.local`,
    "host.docker.internal",
  ];
  for (const Host of names) assert.equal((await answerTo(it.port, { Host })).status, 200, Host);
});

test("a foreign Host is refused, and the refusal names the flag that permits it", async () => {
  await using it = await startGateway();
  for (const Host of ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "evil.example:11400"]) {
    const { status, text } = await answerTo(it.port, { Host });
    assert.equal(status, 403, Host);
    assert.match(text, /--allow-host [\w.]*evil\.example/);
  }
  assert.deepEqual(
    it.server.served.filter(({ isWork }) => isWork),
    [],
  );
});

test("a web page of somebody else is refused, a sandboxed one too, and the refusal names the flag", async () => {
  await using it = await startGateway();
  for (const Origin of [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "null",
    "file://",
  ]) {
    const { status, text } = await answerTo(it.port, { Origin });
    assert.equal(status, 403, Origin);
    assert.match(text, /--allow-origin \S+/);
  }
  for (const Origin of ["http://localhost:3000", `http://127.0.0.1:${it.port}`, "https://LOCALHOST"]) {
    assert.equal((await answerTo(it.port, { Origin })).status, 200, Origin);
  }
});

test("hosts and origins are let in by name, by pattern or all", async () => {
  const config = {
    allowedHosts: ["ai.example.org", "*.example.net"],
    allowedOrigins: ["https://chat.example.org", "https://*.example.net", "null"],
  };
  await using it = await startGateway({ config });
  const welcome = [
    { Host: "ai.example.org:8443" },
    { Host: "a.b.example.net" },
    { Origin: "https://chat.example.org" },
    { Origin: "https://x.example.net" },
    { Origin: "null" },
  ];
  for (const headers of welcome) assert.equal((await answerTo(it.port, headers)).status, 200, JSON.stringify(headers));
  const refused = [
    { Host: "example.net" },
    { Host: "evilexample.net" },
    { Host: "x.ai.example.org" },
    { Origin: "http://chat.example.org" },
    { Origin: "https://evil.example" },
  ];
  for (const headers of refused) assert.equal((await answerTo(it.port, headers)).status, 403, JSON.stringify(headers));
});

test("a name that is let in lets in its own pages, and no others", async () => {
  await using it = await startGateway({ config: { allowedHosts: ["*"] } });
  const Host = "ai.example.org";
  assert.equal((await answerTo(it.port, { Host, Origin: "https://ai.example.org" })).status, 200);
  assert.equal((await answerTo(it.port, { Host, Origin: "https://evil.example" })).status, 403);
});

test("* lets every host and every page in", async () => {
  await using it = await startGateway({ config: { allowedHosts: ["*"], allowedOrigins: ["*"] } });
  assert.equal((await answerTo(it.port, { Host: "anything.example", Origin: "https://else.example" })).status, 200);
});

const KEYS = {
  keys: [
    { name: "robot", key: "robot-key-1" },
    { name: "boss", key: "boss-key-12", role: "admin" },
  ],
};

test("without keys any Authorization is accepted, and reaches the server", async () => {
  await using it = await startGateway();
  const headers = { authorization: "Bearer sk-whatever", "x-api-key": "theirs" };
  assert.equal((await it.post(CHAT, chat(), { headers })).status, 200);
  const seen = it.server.served.at(-1)!.headers;
  assert.deepEqual([seen["authorization"], seen["x-api-key"]], ["Bearer sk-whatever", "theirs"]);
});

test("with keys a missing or a wrong one is a 401, on every route, before the body is looked at", async () => {
  await using it = await startGateway({ config: KEYS });
  const wrong = [{}, { authorization: "Bearer robot-key-2" }, { authorization: "robot-key-1" }, { "x-api-key": "" }];
  for (const headers of wrong) {
    const { status, code, message } = await refusal(await it.post(CHAT, "{not json", { headers }));
    assert.deepEqual([status, code], [401, "invalid_api_key"]);
    assert.match(message, /Authorization: Bearer/);
    for (const path of ["/v1/models", "/props", "/headgate/status"]) {
      const answer = await it.get(path, headers);
      assert.equal(answer.status, 401, path);
      await answer.text();
    }
  }
  assert.ok(it.server.served.every(({ url }) => url !== CHAT));
});

test("Headgate's keys never reach the server, in whatever header they come", async () => {
  await using it = await startGateway({ config: KEYS });
  for (const headers of [
    { authorization: "Bearer robot-key-1" },
    { "x-api-key": "robot-key-1" },
    { "api-key": "robot-key-1" },
    { authorization: "Bearer robot-key-1", "x-api-key": "boss-key-12" },
  ]) {
    for (const answer of [await it.post(CHAT, chat(), { headers }), await it.get("/props", headers)])
      await answer.text();
  }
  const seen = JSON.stringify(it.server.served.map(({ rawHeaders, url, body }) => [rawHeaders, url, body.toString()]));
  assert.doesNotMatch(seen, /robot-key|boss-key/);
});

test("the server's own key replaces whatever the client sent", async () => {
  await using it = await startGateway({
    server: { apiKey: "upstream-secret" },
    upstream: { apiKey: "upstream-secret" },
  });
  const headers = { authorization: "Bearer theirs", "x-api-key": "theirs" };
  assert.equal((await it.post(CHAT, chat(), { headers })).status, 200);
  const { rawHeaders } = it.server.served.at(-1)!;
  assert.deepEqual(
    rawHeaders.filter((item) => /theirs|upstream-secret/.test(item)),
    ["Bearer upstream-secret"],
  );
});

test("a key's limit on waiting is kept", async () => {
  const keys = [{ name: "hasty", key: "hasty-key-1", maxWaitMs: 20 }];
  await using it = await startGateway({ config: { keys } });
  const headers = { authorization: "Bearer hasty-key-1" };
  it.server.pauseTokens();
  const running = it.post(CHAT, chat(), { headers });
  await it.server.when("started");
  assert.deepEqual((await refusal(await it.post(CHAT, chat(), { headers }))).code, "queue_timeout");
  it.server.resumeTokens();
  await (await running).text();
});

test("bad JSON is a clear 400 where a decision needs it, and passes untouched where not", async () => {
  await using it = await startGateway({ server: { engine: "llama-server" } });
  for (const body of ["{bad", "", "[]", '"text"', '{"model":"m"', '{"a":1}}', "\u0000"]) {
    const { status, code, message } = await refusal(await it.post(CHAT, body));
    assert.deepEqual([status, code], [400, "invalid_json"], body);
    assert.match(message, /JSON/);
  }
  assert.ok(it.server.served.every(({ url }) => url !== CHAT));
  const passed = await it.post("/tokenize", "{bad");
  await passed.text();
  assert.equal(it.server.served.at(-1)!.body.toString(), "{bad");
});

test("an error has the form of the client's dialect", async () => {
  await using it = await startGateway({ server: { engine: "ollama" } });
  const anthropic = (await (await it.post("/v1/messages", "{bad")).json()) as Record<string, unknown>;
  assert.equal(anthropic["type"], "error");
  assert.equal((anthropic["error"] as { type: string }).type, "invalid_request_error");
  const ollama = (await (await it.post("/api/chat", "{bad")).json()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(ollama), ["error"]);
  assert.equal(typeof ollama["error"], "string");
});

test("a gateway that is its own upstream is told from any other: 508, after one turn", async () => {
  await using it = await startGateway({ server: null });
  await it.gateway.addUpstream({ url: it.url, models: { alias: {} } });
  const [upstream] = it.gateway.upstreams.all;
  upstream!.health = "ready";
  for (const path of [CHAT, "/v1/embeddings"]) {
    const { status, code } = await refusal(await it.post(path, chat()));
    assert.deepEqual([status, code], [508, "loop_detected"]);
  }
});

test("two gateways in a row are no loop", async () => {
  await using inner = await startGateway();
  await using outer = await startGateway({ server: null });
  await outer.gateway.addUpstream({ url: inner.url, models: { alias: {} } });
  const answer = await outer.post(CHAT, chat());
  assert.equal(answer.status, 200, await answer.text());
});

test("what concerns one connection alone does not pass, in either direction", async () => {
  await using server = await localServer((request, response) => {
    response.setHeader("Connection", "X-Hop");
    response.setHeader("X-Hop", "1");
    response.setHeader("Alt-Svc", "h3=:1");
    response.setHeader("X-Headgate-Priority", "forged");
    response.end(JSON.stringify(request.rawHeaders));
  });
  await using it = await startGateway({ server: null });
  await it.gateway.addUpstream({ url: server.url, models: { alias: {} } });
  using client = await RawClient.connect(it.port);
  client.write(
    "GET /anything?a=b%20c&d HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nX-OdD: 2\r\nTE: trailers\r\n\r\n",
  );
  await client.closed;
  const seen = JSON.parse(/\[.*\]/.exec(client.text)![0]) as string[];
  assert.ok(seen.includes("X-OdD"));
  for (const name of ["X-Mine", "TE"]) assert.ok(!seen.includes(name), name);
  assert.doesNotMatch(client.text, /X-Hop|Alt-Svc|forged/i);
});
