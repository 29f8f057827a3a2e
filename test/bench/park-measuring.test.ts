import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accountOf, type Run } from "../../bench/park/account.ts";
import { nameOf, question } from "../../bench/park/chat.ts";
import { BACKGROUND, FOREGROUND, timing } from "../../bench/park/plan.ts";
import { firstTokenOf, keptOf } from "../../bench/park/row.ts";
import { portOf } from "../../bench/park/servers.ts";

const NOTHING = { resumed: 0, restarted: 0, resumedTokens: 0, restartedTokens: 0, readAgain: 0 };

/** Runs of requests, told apart by the first letter of their prompt. */
function runs(...told: readonly (readonly [prompt: string, tokens: number, read?: number])[]): Run[] {
  return told.map(([prompt, tokens, read = 0]) => ({ name: prompt.charAt(0), prompt, tokens, read }));
}

describe("the account of stepping aside", () => {
  it("is empty for requests that ran once", () => {
    assert.deepEqual(accountOf(runs(["a", 600, 1500], ["b", 600, 1500])), NOTHING);
  });

  it("counts as gone on from what stood before each cut, however often it was cut", () => {
    const cut = runs(["a", 100, 1500], ["a one", 50, 1], ["a one two", 450, 1]);
    assert.deepEqual(accountOf(cut), { ...NOTHING, resumed: 2, resumedTokens: 150, readAgain: 2 });
  });

  it("counts as lost what is written anew, with what it had been gone on from before", () => {
    const cut = runs(["a", 100, 1500], ["a one", 50, 1], ["a", 600, 1500]);
    assert.deepEqual(accountOf(cut), {
      resumed: 1,
      restarted: 1,
      resumedTokens: 0,
      restartedTokens: 150,
      readAgain: 1501,
    });
  });

  it("does not call read again what was cut before it had been read", () => {
    assert.deepEqual(accountOf(runs(["a", 0, 1500], ["a", 600, 1244])), { ...NOTHING, restarted: 1 });
  });

  it("keeps requests apart that take turns", () => {
    const cut = runs(["a", 100], ["b", 7], ["a one", 500], ["b", 600]);
    assert.deepEqual(accountOf(cut), { ...NOTHING, resumed: 1, restarted: 1, resumedTokens: 100, restartedTokens: 7 });
  });
});

describe("what the background keeps", () => {
  it("is one when it gets its speed alone in all the time that people leave", () => {
    const known = { alonePerSecond: 40, serviceMs: 500 };
    assert.equal(keptOf({ requests: 6, tokens: 280, tookMs: 10_000 }, known), 1);
    assert.equal(keptOf({ requests: 6, tokens: 140, tookMs: 10_000 }, known), 0.5);
  });

  it("goes by those who came, not by how many were to come", () => {
    const known = { alonePerSecond: 40, serviceMs: 500 };
    assert.equal(keptOf({ requests: 0, tokens: 400, tookMs: 10_000 }, known), 1);
  });
});

describe("the time to the first token", () => {
  it("is nobody's where nobody came", () => {
    assert.equal(firstTokenOf([]), null);
  });

  it("is one that somebody had, in each percentile", () => {
    const all = Array.from({ length: 100 }, (_, index) => index + 1);
    assert.deepEqual(firstTokenOf(all), { p50Ms: 50, p95Ms: 95, p99Ms: 99 });
  });
});

describe("a question", () => {
  const topic = { model: "m", row: 3 };

  it("is the same each time it is asked, and another one in another row", () => {
    assert.equal(question("background", 5, topic).body, question("background", 5, topic).body);
    assert.notEqual(question("background", 5, topic).body, question("background", 5, { ...topic, row: 4 }).body);
    assert.notEqual(question("background", 5, topic).body, question("background", 6, topic).body);
  });

  it("bears the name by which the server's records know it, and the lengths of its class", () => {
    for (const [as, job] of [
      ["background", BACKGROUND],
      ["foreground", FOREGROUND],
    ] as const) {
      const { messages, max_tokens: most } = JSON.parse(question(as, 1, topic).body) as {
        messages: [{ content: string }];
        max_tokens: number;
      };
      const name = nameOf(as, topic.row, 1);
      assert.ok(messages[0].content.startsWith(`${name} `));
      assert.equal(messages[0].content.slice(name.length + 1).split(" ").length, job.prompt);
      assert.equal(most, job.answer);
    }
  });
});

it("a faster machine is faster in everything by the same factor", () => {
  const [slow, fast] = [timing(1), timing(4)];
  assert.equal(slow.prefillMsPerToken / fast.prefillMsPerToken, 4);
  assert.equal(slow.decodeMsPerToken / fast.decodeMsPerToken, 4);
});

it("a server across a network is refused, with its address", () => {
  assert.equal(portOf("http://localhost:8080"), 8080);
  assert.equal(portOf("http://127.0.0.1/"), 80);
  for (const address of ["http://192.168.0.2:8080", "https://localhost:8080", "http://localhost:8080/v1"]) {
    assert.throws(() => portOf(address), { name: "TypeError", message: new RegExp(`not ${address}$`) });
  }
});
