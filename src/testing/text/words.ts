import { splitTokens } from "./tokens.ts";

/** Some of several bytes a character, so that nobody who cuts a stream gets away with cutting bytes. */
const WORDS: readonly string[] = (
  "the a queue slot waits while one person reads and another job runs until it steps aside then goes on where it stopped " +
  "nobody is lost every answer keeps its order short words make long sentences model server memory token answer question " +
  "foreground background priority permit arrival gate open closed first later again never always between before after " +
  "morning evening river mountain garden window letter number reason example careful simple honest quiet steady bright " +
  "continuation uninterrupted representation naïve café Zürich façade 東京 日本語 🦙 🚦 smörgåsbord"
).split(" ");

const ENDINGS: readonly string[] = ["", "", "", "", "", "", "", "", ",", "", "", ".", "", "", "", ".\n"];

/** What may follow a word, and its tokens with and without a space before it. */
interface Word {
  readonly text: string;
  readonly tokens: readonly string[];
  readonly spacedTokens: readonly string[];
  /** No space goes before the next word. */
  readonly endsLine: boolean;
}

const TABLE: readonly (readonly Word[])[] = WORDS.map((word) => ENDINGS.map((ending) => entry(word + ending)));

function entry(text: string): Word {
  return { text, tokens: splitTokens(text), spacedTokens: splitTokens(` ${text}`), endsLine: text.endsWith("\n") };
}

/** The word that a number stands for. */
export function wordOf(number: number): Word {
  return TABLE[number % TABLE.length]![(number >>> 16) % ENDINGS.length]!;
}
