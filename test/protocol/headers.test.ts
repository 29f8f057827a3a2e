import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { requestHeaders, responseHeaders } from "../../src/protocol/headers.ts";
import { PRIORITY_HEADERS } from "../../src/protocol/priority.ts";

const FRAMING = [
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Content-Length",
  "Upgrade",
];

function withValues(names: readonly string[]): string[] {
  return names.flatMap((name) => [name, "x"]);
}

for (const [direction, pass] of Object.entries({ requestHeaders, responseHeaders })) {
  describe(direction, () => {
    it("keeps order, letter case and repeated fields", () => {
      const raw = ["X-B", "1", "accept", "a", "X-b", "2", "Set-Cookie", "c=1", "Set-Cookie", "d=2"];
      assert.deepEqual(pass(raw), raw);
    });

    it("drops framing and what belongs to one connection, in any letter case", () => {
      const names = FRAMING.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]);
      assert.deepEqual(pass(["A", "1", ...withValues(names), "B", "2"]), ["A", "1", "B", "2"]);
    });

    it("drops every name that any Connection field lists", () => {
      const raw = [
        "X-Hop",
        "1",
        "Connection",
        "close, x-HOP",
        "Accept",
        "*/*",
        "connection",
        " X-Other ,,",
        "x-other",
        "2",
      ];
      assert.deepEqual(pass(raw), ["Accept", "*/*"]);
    });

    it("drops what is said in Headgate's name, and what the caller names", () => {
      const raw = ["X-Headgate-Priority", "0", "x-headgate-anything", "1", "Authorization", "Bearer k", "X-C", "2"];
      assert.deepEqual(pass(raw), ["Authorization", "Bearer k", "X-C", "2"]);
      assert.deepEqual(
        pass(raw, (name) => name === "x-c"),
        ["Authorization", "Bearer k"],
      );
    });

    it("passes any other list on unchanged", () => {
      const names = fc.constantFrom(
        "Accept",
        "x-title",
        "USER-AGENT",
        "X-Conversation-Id",
        "Content-Type",
        "Cookie",
        "Priority",
      );
      const lists = fc.array(fc.tuple(names, fc.string()), { maxLength: 8 }).map((pairs) => pairs.flat());
      fc.assert(fc.property(lists, (raw) => assert.deepEqual(pass(raw), raw)));
    });
  });
}

it("a request leaves its host, its expectation and the headers that carried a priority behind", () => {
  const raw = [
    "Host",
    "a",
    "Expect",
    "100-continue",
    "Proxy-Authorization",
    "x",
    ...withValues(PRIORITY_HEADERS),
    "Accept",
    "b",
  ];
  assert.deepEqual(requestHeaders(raw), ["Accept", "b"]);
});

it("a response cannot send its client past the gate, nor speak for a proxy", () => {
  const raw = ["Alt-Svc", "h2=:1", "Proxy-Authenticate", "Basic", "Server", "llama.cpp"];
  assert.deepEqual(responseHeaders(raw), ["Server", "llama.cpp"]);
});
