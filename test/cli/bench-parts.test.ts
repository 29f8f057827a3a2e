import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arrivalsOf } from "../../src/cli/bench/draws.ts";
import { Lane } from "../../src/cli/bench/lane.ts";
import { Progress } from "../../src/cli/bench/progress.ts";
import { randomNumbers } from "../../src/cli/bench/random.ts";
import { wayResult } from "../../src/cli/bench/results.ts";
import { quantile } from "../../src/cli/bench/statistics.ts";
import { meanServiceMs } from "../../src/cli/bench/warm-up.ts";
import { BACKGROUNDS, PEOPLE, questionOf, type Workload } from "../../src/cli/bench/workloads.ts";

const CONTEXT = 8192;
const ALL: readonly Workload[] = [...Object.values(PEOPLE), ...Object.values(BACKGROUNDS)];

function lengthOf(text: string): number {
  return text === "" ? 0 : text.split(" ").length;
}

describe("the workloads", () => {
  test("a question is the same in every run, and differs from the next in its first words", () => {
    for (const workload of ALL) {
      const question = questionOf(workload, 7, CONTEXT);
      assert.deepEqual(questionOf(workload, 7, CONTEXT), question);
      const other = questionOf(workload, 8, CONTEXT);
      assert.notEqual(other.words.own.slice(0, 20), question.words.own.slice(0, 20));
      assert.equal(other.words.shared, question.words.shared);
    }
  });

  test("no question is longer than the context, its answer included", () => {
    for (const context of [256, 2048, CONTEXT]) {
      for (const workload of ALL) {
        for (let number = 0; number < 200; number++) {
          const { maxTokens, words } = questionOf(workload, number, context);
          assert.ok(maxTokens >= 1);
          assert.ok(lengthOf(words.shared) + lengthOf(words.own) + maxTokens <= context, workload.name);
        }
      }
    }
  });

  test("chats have the lengths of the trace they are drawn from", () => {
    const chats = Array.from({ length: 4000 }, (_, number) => questionOf(PEOPLE.chat, number, 20_000));
    const prompts = chats.map(({ words }) => lengthOf(words.own));
    const answers = chats.map(({ maxTokens }) => maxTokens);
    assert.ok(Math.abs(quantile(prompts, 0.5) - 760) < 60);
    assert.ok(Math.abs(quantile(answers, 0.5) - 151) < 12);
    assert.ok(Math.max(...answers) <= 1000);
  });

  test("the mean time of a request follows from its sizes and the server's speeds", () => {
    const batch = meanServiceMs(BACKGROUNDS.batch, { prefill: 1, decode: 10 }, CONTEXT);
    assert.equal(Math.round(batch / 10), Math.round((1502 + 6000) / 10));
  });

  test("arrivals are the same in every run, in order, and as many as asked for on average", () => {
    const arrivals = arrivalsOf(randomNumbers(5), 100, 100_000);
    assert.deepEqual(arrivalsOf(randomNumbers(5), 100, 100_000), arrivals);
    assert.deepEqual(
      arrivals.toSorted((a, b) => a - b),
      arrivals,
    );
    assert.ok(Math.abs(arrivals.length - 1000) < 100);
  });
});

describe("what is counted", () => {
  test("tokens from before people may come do not count, and people without an answer are not forgotten", () => {
    const lane = new Lane("headgate");
    lane.heardBackground(50, 900);
    lane.begin(1_000);
    lane.heardBackground(20, 1_500);
    const answered = { number: 0, askedAt: 1_100 };
    lane.people.push(answered, { number: 1, askedAt: 1_200 });
    lane.heardBy(answered, 1_300);
    lane.told.push({ by: "people", number: 0, text: "yes" });
    assert.equal(lane.waiting, 1);
    lane.end(3_000);
    const result = wayResult(lane, {
      parks: undefined,
      answers: { compared: 0, different: 0 },
      aloneTokensPerSecond: 20,
      complete: false,
    });
    assert.deepEqual(result.background, { answers: 0, tokens: 20, tokensPerSecond: 10, ofAlone: 0.5 });
    assert.deepEqual(result.people.firstToken, { p50Ms: 200, p95Ms: 200, maxMs: 200 });
    assert.deepEqual([result.people.asked, result.people.answered], [2, 1]);
    assert.deepEqual(result.people.requests[1], { askedMs: 200, firstTokenMs: null, endedMs: null });
  });
});

describe("its progress", () => {
  test("on a terminal is one line with a bar, as wide as fits, cleared at the end", () => {
    const written: string[] = [];
    const screen = { isTTY: true, columns: 50, write: (text: string): number => written.push(text) };
    {
      using progress = new Progress(screen, 1);
      progress.warmingUp({ people: "chat", background: "batch" });
      progress.note("something to keep");
    }
    assert.match(written[0]!, /░{24} {3}0 % chat over/);
    assert.ok(written.some((text) => text.endsWith("something to keep\n")));
    for (const text of written) assert.ok(text.length <= 50 + "\r\u001B[K".length, text);
    assert.equal(written.at(-1), "\r\u001B[K");
  });
});
