import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ask } from "../../bench/park/ask.ts";
import { PROOF_SPEED, timing } from "../../bench/park/plan.ts";
import { prove, WrongAnswers, wrongAnswers } from "../../bench/park/proof.ts";
import { simulated, type Servers } from "../../bench/park/servers.ts";
import { PARK, WAYS, type Way } from "../../bench/park/ways.ts";
import { startModelServer } from "../../src/testing/index.ts";

const DIRECT = WAYS.find(({ id }) => id.startsWith("direct"))!;
/** Makes what the proof of a streaming way needs. */
const PROVING = { streamed: true, answers: 1, mustPark: true };

/** Fast servers, of which one is asked what would have been said. */
async function quickServers(): Promise<Servers> {
  return simulated("llama-server", timing(PROOF_SPEED * 10));
}

function disproof(what: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof WrongAnswers && what.test(error.message);
}

describe("the proof of stepping aside", () => {
  it("is passed by Headgate, whose background steps aside and says what it would have said", async () => {
    await using servers = await simulated("llama-server", timing(PROOF_SPEED));
    await prove(servers, { ...PROVING, ways: [PARK] });
  });

  it("fails an answer that is not the uninterrupted one", async () => {
    await using servers = await quickServers();
    const other: Servers = { ...servers, uninterrupted: async () => "something else" };
    await assert.rejects(
      prove(other, { ...PROVING, ways: [DIRECT] }),
      disproof(/^direct: .* answers are not the uninterrupted ones/),
    );
  });

  it("fails a gate that lets two requests through at a time", async () => {
    await using servers = await quickServers();
    const leaky: Way = { ...DIRECT, gates: true };
    await assert.rejects(prove(servers, { ...PROVING, ways: [leaky] }), disproof(/more than one request at a time/));
  });

  it("fails a way that claims to step aside and never does", async () => {
    await using servers = await quickServers();
    const stubborn: Way = { ...DIRECT, parks: true };
    await assert.rejects(prove(servers, { ...PROVING, ways: [stubborn] }), disproof(/nothing stepped aside/));
  });

  it("counts each answer that differs by a letter", async () => {
    const asked = { as: "background", body: "" } as const;
    const told = ["good", "goof", "good", ""].map((text) => ({ asked, text }));
    assert.equal(await wrongAnswers({ uninterrupted: async () => "good" }, told), 2);
  });
});

it("an answer that breaks off is no answer", async () => {
  await using server = await startModelServer({ engine: "llama-server" });
  server.fail({ kind: "cut", afterTokens: 3 });
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hello" }], stream: true });
  await assert.rejects(ask(server.port, { as: "foreground", body }));
});
