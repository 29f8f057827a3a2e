import { randomNumbers } from "../../src/cli/bench/random.ts";
import type { Class } from "../gateway/requests.ts";
import { BACKGROUND, FOREGROUND } from "./plan.ts";

/** A chat as it goes to a server. */
export interface Question {
  readonly as: Class;
  readonly body: string;
}

/** What all questions of a row have in common. */
export interface Topic {
  readonly model: string;
  /** Sets them apart from those of other rows, where several rows have one server and its prompt cache. */
  readonly row: number;
  /** Members of the body for this server only. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Short and common: a token each, to nearly every tokenizer. */
const WORDS = (
  "time year way day man thing woman life child world group hand part place case week work night point home water room area " +
  "money story fact month lot right study book eye job word issue side kind head house power hour game line end law car city " +
  "name team idea body back face door art war party air force river hill tree bird stone road light"
).split(" ");

/** By what a question is known in the records of a server, whatever its dialect has made of it. */
export function nameOf(as: Class, row: number, number: number): string {
  return `${as} ${row} ${number}:`;
}

/** Question `number` of its class: always the same one, and nothing of it is in a cache before it was asked. */
export function question(as: Class, number: number, { model, row, more }: Topic, stream = true): Question {
  const { prompt, answer } = as === "background" ? BACKGROUND : FOREGROUND;
  const random = randomNumbers(row * 20_000 + number * 2 + (as === "background" ? 1 : 0));
  const words = Array.from({ length: prompt }, () => WORDS[Math.floor(random() * WORDS.length)]!);
  const messages = [{ role: "user", content: `${nameOf(as, row, number)} ${words.join(" ")}` }];
  return { as, body: JSON.stringify({ model, messages, max_tokens: answer, temperature: 0, stream, ...more }) };
}
