import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { startModelServer } from "../../src/testing/index.ts";
import { Lane } from "../../src/cli/bench/lane.ts";
import { LanesView } from "../../src/cli/demo/view.ts";
import { headgate } from "./run-headgate.ts";

const AT_ONCE = { prefillMsPerToken: 0, decodeMsPerToken: 2, loadMs: 0 };

test("headgate demo --letter --upstream: the letter steps aside for a person and comes out as without him", async () => {
  await using server = await startModelServer({
    engine: "llama-server",
    strict: true,
    timing: AT_ONCE,
    answer: { tokens: 150 },
  });
  const { exitCode, stdout, stderr } = await headgate(["demo", "--letter", "--upstream", server.url]);
  assert.equal(stderr, "");
  assert.equal(exitCode, 0);
  assert.match(stdout, /llama\.cpp llama-server at http.*A letter is written/);
  assert.match(stdout, />> A person asks, and hears the first word after \d/);
  assert.match(stdout, /the server writes the same, letter by letter/);
  assert.equal(server.served.filter(({ outcome, isWork }) => isWork && outcome === "aborted").length, 1);
});

test("headgate demo without a server at its address says so, with the letter or without", async () => {
  for (const flags of [[], ["--letter"]]) {
    const { exitCode, stderr } = await headgate(["demo", "--upstream", "http://127.0.0.1:9", ...flags]);
    assert.equal(exitCode, 69);
    assert.match(stderr, /no model server answers at http:\/\/127\.0\.0\.1:9/);
  }
});

const ROWS = [
  /^first come, first served .*tokens\/s +-$/m,
  /^Headgate .*tokens\/s +-$/m,
  /^Headgate --preempt .*tokens\/s +\d+ times?$/m,
];

test("headgate demo: off a terminal every first word is a line, and three rows end it", async () => {
  const { exitCode, stdout, stderr } = await headgate(["demo", "--seconds", "2"]);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
  const people = Number(/^(\d+) (?:people ask|person asks)/m.exec(stdout)?.[1]);
  assert.ok(people > 0);
  assert.equal(stdout.match(/a person hears the first word after/g)?.length, 3 * people);
  for (const row of ROWS) assert.match(stdout, row);
});

test("headgate demo --upstream: one way after the other on the same server, which is then left alone", async () => {
  await using server = await startModelServer({ engine: "llama-server", timing: AT_ONCE, answer: { tokens: 400 } });
  const { exitCode, stdout, stderr } = await headgate(["demo", "--upstream", server.url, "--seconds", "1"]);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
  for (const row of ROWS) assert.match(stdout, row);
  assert.equal(server.live, 0);
});

test("headgate demo refuses what is no address", async () => {
  const { exitCode, stderr } = await headgate(["demo", "--upstream", "localhost"]);
  assert.equal(exitCode, 64);
  assert.match(stderr, /an address such as http:\/\/127\.0\.0\.1:8080 is wanted/);
});

test("the live picture shows whom the server writes for and who waits, within the width of the terminal", () => {
  const direct = new Lane("direct");
  const preempt = new Lane("headgate --preempt");
  const written: string[] = [];
  const screen = { isTTY: true, columns: 40, write: (text: string): number => written.push(text) };
  {
    using view = new LanesView(screen, [direct, preempt], 2_000);
    const start = performance.now();
    for (const lane of [direct, preempt]) lane.begin(start);
    direct.heardBackground(1, start + 50);
    const person = { number: 0, askedAt: start + 40 };
    direct.people.push({ number: 0, askedAt: start + 40 });
    preempt.people.push(person);
    preempt.heardBy(person, start + 60);
    const [title, served, waiting, other, answered, nobodyWaits] = view
      .lines(start + 60)
      .map((line) => stripVTControlCharacters(line));
    assert.match(title!, /^first come, first served: 0 of 1/);
    assert.deepEqual([served, waiting], ["  ░", "  ▲"]);
    assert.match(other!, /^Headgate --preempt: 0 of 1 answered/);
    assert.deepEqual([answered, nobodyWaits], ["  █", "   "]);
    for (const line of view.lines(start + 90_000)) assert.ok(stripVTControlCharacters(line).length <= 40, line);
  }
  assert.ok(written[0]!.includes("?25l") && written.at(-1)!.includes("?25h"), "the cursor is shown again");
});
