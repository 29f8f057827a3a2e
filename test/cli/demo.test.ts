import assert from "node:assert/strict";
import { test } from "node:test";
import { startModelServer } from "../../src/testing/index.ts";
import { headgate } from "./run-headgate.ts";

const AT_ONCE = { prefillMsPerToken: 0, decodeMsPerToken: 2, loadMs: 0 };

test("headgate demo --upstream: the letter steps aside for a person and comes out as without him", async () => {
  await using server = await startModelServer({
    engine: "llama-server",
    strict: true,
    timing: AT_ONCE,
    answer: { tokens: 150 },
  });
  const { exitCode, stdout, stderr } = await headgate(["demo", "--upstream", server.url]);
  assert.equal(stderr, "");
  assert.equal(exitCode, 0);
  assert.match(stdout, /llama\.cpp llama-server at http.*A letter is written/);
  assert.match(stdout, />> A person asks, and hears the first word after \d/);
  assert.match(stdout, /the server writes the same, letter by letter/);
  assert.equal(server.served.filter(({ outcome, isWork }) => isWork && outcome === "aborted").length, 1);
});

test("headgate demo --upstream without a server there says so", async () => {
  const { exitCode, stderr } = await headgate(["demo", "--upstream", "http://127.0.0.1:9"]);
  assert.equal(exitCode, 69);
  assert.match(stderr, /no model server answers at http:\/\/127\.0\.0\.1:9/);
});
