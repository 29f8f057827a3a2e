import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { splitModelAlias } from "../../src/protocol/model-alias.ts";
import { stripPrefixes } from "../../src/protocol/path-prefix.ts";
import { parsePriority, PRIORITY_HEADERS, serviceTierPriority } from "../../src/protocol/priority.ts";

describe("parsePriority", () => {
  it("knows the names in any letter case, with space around", () => {
    for (const name of ["foreground", "interactive", "high", "realtime", "user", " Foreground ", "HIGH"]) {
      assert.deepEqual(parsePriority(name), { priority: 0 }, name);
    }
    for (const name of ["background", "batch", "bulk", "low", "Batch"]) {
      assert.deepEqual(parsePriority(name), { priority: 100 }, name);
    }
  });

  it("reads every finite number as the number that it is", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assert.deepEqual(parsePriority(String(value)), { priority: value + 0 });
      }),
    );
    for (const [text, priority] of Object.entries({ "+5": 5, "05": 5, ".5": 0.5, "5.": 5, "1E2": 100, "-0": 0 })) {
      assert.deepEqual(parsePriority(text), { priority }, text);
    }
  });

  it("reports anything else in the client's words, and never throws", () => {
    const unknown = [
      "",
      " ",
      "urgent",
      "0x10",
      "Infinity",
      "-Infinity",
      "NaN",
      "1e400",
      "1,5",
      "1 2",
      "foreground, low",
      "constructor",
    ];
    for (const text of unknown) assert.deepEqual(parsePriority(text), { unknown: text }, text);
    fc.assert(fc.property(fc.string(), (text) => void parsePriority(text)));
  });
});

it("the first of the priority headers is Headgate's own, all in lower case", () => {
  assert.equal(PRIORITY_HEADERS[0], "x-headgate-priority");
  assert.deepEqual(
    PRIORITY_HEADERS,
    PRIORITY_HEADERS.map((name) => name.toLowerCase()),
  );
});

it("a service tier says flex or priority, and otherwise nothing", () => {
  assert.equal(serviceTierPriority("flex"), 100);
  assert.equal(serviceTierPriority("priority"), 0);
  for (const tier of ["auto", "default", "scale", "", undefined]) assert.equal(serviceTierPriority(tier), undefined);
});

describe("stripPrefixes", () => {
  it("takes a priority and a permit off a path, in any order", () => {
    assert.deepEqual(stripPrefixes("/foreground/v1/models"), { path: "/v1/models", priority: 0 });
    assert.deepEqual(stripPrefixes("/Background/api/chat"), { path: "/api/chat", priority: 100 });
    assert.deepEqual(stripPrefixes("/priority/50/v1"), { path: "/v1", priority: 50 });
    assert.deepEqual(stripPrefixes("/priority/-1.5/v1"), { path: "/v1", priority: -1.5 });
    assert.deepEqual(stripPrefixes("/permit/p-7/v1"), { path: "/v1", permit: "p-7" });
    const both = { path: "/v1/x", priority: 0, permit: "7" };
    assert.deepEqual(stripPrefixes("/permit/7/foreground/v1/x"), both);
    assert.deepEqual(stripPrefixes("/foreground/permit/7/v1/x"), both);
  });

  it("leaves a root where nothing follows", () => {
    assert.deepEqual(stripPrefixes("/foreground"), { path: "/", priority: 0 });
    assert.deepEqual(stripPrefixes("/foreground/"), { path: "/", priority: 0 });
    assert.deepEqual(stripPrefixes("/permit/7"), { path: "/", permit: "7" });
  });

  it("takes each kind once: a second one belongs to the path", () => {
    assert.deepEqual(stripPrefixes("/foreground/background/v1"), { path: "/background/v1", priority: 0 });
    assert.deepEqual(stripPrefixes("/priority/5/priority/6"), { path: "/priority/6", priority: 5 });
    assert.deepEqual(stripPrefixes("/permit/1/permit/2/v1"), { path: "/permit/2/v1", permit: "1" });
  });

  it("leaves alone what is no such prefix", () => {
    for (const path of [
      "/",
      "/v1/models",
      "/foregrounds/v1",
      "/v1/foreground/x",
      "/priority/",
      "/priority/soon/v1",
      "/permit//v1",
    ]) {
      assert.deepEqual(stripPrefixes(path), { path }, path);
    }
  });

  it("takes nothing from what follows the prefixes", () => {
    const tails = fc.string().map((text) => `/v1/${text}`);
    fc.assert(
      fc.property(tails, (path) => {
        assert.deepEqual(stripPrefixes(path), { path });
        assert.deepEqual(stripPrefixes(`/background/permit/7${path}`), { path, priority: 100, permit: "7" });
      }),
    );
  });
});

describe("splitModelAlias", () => {
  it("splits a known priority off, at the last @", () => {
    assert.deepEqual(splitModelAlias("llama3@background"), { model: "llama3", priority: 100 });
    assert.deepEqual(splitModelAlias("llama3:8b@Foreground"), { model: "llama3:8b", priority: 0 });
    assert.deepEqual(splitModelAlias("org/name@v2@-3.5"), { model: "org/name@v2", priority: -3.5 });
  });

  it("leaves every other name alone", () => {
    for (const model of ["llama3", "qwen3@q4_k_m", "a@", "@background", "", "a@background@x", "a@1e400"]) {
      assert.deepEqual(splitModelAlias(model), { model }, model);
    }
  });
});
