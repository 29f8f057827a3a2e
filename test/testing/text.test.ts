import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { renderChat } from "../../src/testing/text/chat-template.ts";
import { openModel } from "../../src/testing/text/model.ts";
import { StopStrings } from "../../src/testing/text/stop-strings.ts";
import { countTokens, splitTokens } from "../../src/testing/text/tokens.ts";
import type { TurnWish } from "../../src/testing/text/turn-plan.ts";

const WISH: TurnWish = {
  seed: 1,
  label: "",
  reasoningTokens: 0,
  contentTokens: 60,
  text: undefined,
  json: undefined,
  call: undefined,
};

const OPTIONS = { tools: [], thinking: false, generationPrompt: true, continueLast: false, thinkingTags: false };

function prompt(thinking: boolean, content = "Hello"): string {
  return renderChat([{ role: "user", content }], { ...OPTIONS, thinking });
}

/** Everything the model says behind a text. */
function rest(text: string, wish: TurnWish = WISH): string {
  const source = openModel(text, wish, 0);
  let all = "";
  for (let token = source.next(); token !== undefined; token = source.next()) all += token.text;
  return all;
}

/** Every place at which a text can be cut without cutting a character. */
function cuts(text: string): number[] {
  const places = [0];
  for (const character of text) places.push(places.at(-1)! + character.length);
  return places;
}

test("an answer that was cut anywhere goes on exactly where it stopped", () => {
  const wishes: TurnWish[] = [
    WISH,
    { ...WISH, reasoningTokens: 20 },
    { ...WISH, call: { name: "look_up", parameters: { type: "object", properties: { what: { type: "string" } } } } },
    { ...WISH, json: { type: "object", properties: { a: { type: "integer" }, b: { type: "array" } } } },
    { ...WISH, text: "A fixed text, 東京 and 🦙 in it.\n" },
  ];
  for (const wish of wishes) {
    const start = prompt(wish.reasoningTokens > 0);
    const whole = rest(start, wish);
    assert.ok(whole.length > 10);
    for (const cut of cuts(whole)) assert.equal(whole.slice(0, cut) + rest(start + whole.slice(0, cut), wish), whole);
  }
});

test("a text without a turn of the model's goes on exactly where it stopped", () => {
  for (const start of ["Once upon a time", "", "One", "def main():\n    ", "long ".repeat(100)]) {
    const whole = rest(start);
    for (const cut of cuts(whole)) assert.equal(whole.slice(0, cut) + rest(start + whole.slice(0, cut)), whole);
  }
});

test("a changed character, a lost space and an empty thought lead elsewhere", () => {
  const start = prompt(false);
  const whole = rest(start);
  const half = whole.slice(0, whole.indexOf(" ", 40) + 1);
  assert.equal(half + rest(start + half), whole);
  assert.notEqual(half + rest(start + half.trimEnd()), whole);
  assert.notEqual(half + rest(`${start}<think>\n\n</think>\n\n${half}`), whole);
  assert.notEqual(half + rest(start + half.replace(/^./, "x")), whole);
  assert.notEqual(rest(prompt(false, "Hello!")), whole);
  assert.notEqual(rest(start, { ...WISH, seed: 2 }), whole);
});

test("characters of several bytes are several tokens, of which the last one shows them", () => {
  assert.deepEqual(splitTokens(" hello, 東🦙é<think>"), [" hello", ",", " ", "", "東", "", "🦙", "é", "<think>"]);
  const start = prompt(false);
  const source = openModel(start, { ...WISH, contentTokens: 400 }, 0);
  let silent = 0;
  for (let token = source.next(); token !== undefined; token = source.next()) {
    if (token.text === "") silent += 1;
  }
  assert.ok(silent > 0);
});

test("a prompt with half an answer behind it counts as the prompt and the half", () => {
  const start = prompt(false);
  const source = openModel(start, WISH, 0);
  let said = "";
  let tokens = 0;
  for (let token = source.next(); token !== undefined; token = source.next()) {
    said += token.text;
    tokens += 1;
    if (token.text !== "") assert.equal(countTokens(start + said), countTokens(start) + tokens);
  }
  assert.ok(tokens >= 60);
});

test("counting tokens is splitting without the tokens", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(countTokens(text), splitTokens(text).length);
      assert.equal(splitTokens(text).join(""), text);
    }),
  );
});

test("a stop string is found wherever its pieces are cut, and nothing of it is shown", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "ab", "ba", "aab"), { maxLength: 12 }), (pieces) => {
      const stops = ["abba", "bab"];
      const scanner = new StopStrings(stops);
      let shown = "";
      let stopped: string | undefined;
      for (const piece of pieces) {
        const step = scanner.push(piece);
        shown += step.text;
        stopped = step.stopped;
        if (stopped !== undefined) break;
      }
      const text = pieces.join("");
      const at = Math.min(...stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0));
      if (at === Infinity) assert.equal(shown + scanner.flush(), text);
      else assert.equal(shown, text.slice(0, at));
      assert.equal(stopped === undefined, at === Infinity);
    }),
  );
});
