import { hasContent } from "./answer-openai.ts";
import type { DialectName } from "./route.ts";
import { type Marks, marks } from "./skim.ts";
import { type JsonObject, objectIn, objectsIn, textIn } from "./untrusted-json.ts";

/**
 * What Headgate may ask of an engine beside what the client asked.
 *
 * `usage`: OpenAI's `stream_options.include_usage`. `progress` and `timings`: llama-server's `return_progress` and
 * `timings_per_token`. llama-server's `/v1/completions` tells its usage unasked, at the end of every stream: asking for it
 * there and hiding it would take away what the client gets anyway. `running-usage`: vLLM's `continuous_usage_stats`, beside a
 * usage at the end that the client asked for itself.
 */
export type Hidden = "usage" | "running-usage" | "progress" | "timings";

/** What becomes of one frame. */
export interface Verdict {
  /** All of it is there for Headgate alone. */
  readonly drop: boolean;
  /** The members that are. */
  readonly remove: readonly string[];
  /** A frame behind it may be hidden that holds what would be here, had Headgate not asked. */
  readonly hold: boolean;
}

/** Tells what was asked for from everything else, in one stream of one dialect. */
export interface HidingRule {
  /** The members of frames that must be judged. */
  readonly marks: Marks;
  judge(value: JsonObject): Verdict;
}

const MEMBERS = {
  usage: "usage",
  "running-usage": "usage",
  progress: "prompt_progress",
  timings: "timings",
} as const;

/** The rule for a stream of `dialect`; `undefined` where there is nothing to hide. */
export function hidingRule(dialect: DialectName, hidden: readonly Hidden[]): HidingRule | undefined {
  const make = RULES[dialect];
  return make === undefined || hidden.length === 0 ? undefined : make(new Set(hidden));
}

const RULES: Partial<Readonly<Record<DialectName, (hidden: ReadonlySet<Hidden>) => HidingRule>>> = {
  "openai-chat": openAiRule,
  "openai-completions": openAiRule,
  "openai-responses": responsesRule,
  "llama-completion": llamaRule,
};

/** Even empty ones: an engine that was asked for usage may write `"usage": null` in every chunk. */
function marksFor(hidden: ReadonlySet<Hidden>, filled: Readonly<Record<string, number>> = {}): Marks {
  return marks(filled, Object.fromEntries([...hidden].map((name) => [MEMBERS[name], 1])));
}

/** The timings of the end come unasked, so they stay; so does a usage that the client asked for. */
function namesToRemove(hidden: ReadonlySet<Hidden>, isEnd: boolean, isUsage = false): string[] {
  return [...hidden]
    .filter((name) => (name === "timings" ? !isEnd : name !== "running-usage" || !isUsage))
    .map((name) => MEMBERS[name]);
}

/** Progress comes as one more role delta or empty text, usage as a last chunk without choices, which has the timings too. */
function openAiRule(hidden: ReadonlySet<Hidden>): HidingRule {
  const hidesUsage = hidden.has("usage");
  return {
    marks: marksFor(hidden, hidesUsage ? { finish_reason: 1 } : {}),
    judge(value) {
      const choices = objectsIn(value["choices"]);
      const ends = choices.some((choice) => textIn(choice["finish_reason"]) !== undefined);
      const isUsage = choices.length === 0 && objectIn(value["usage"]) !== undefined;
      const isProgress = value["prompt_progress"] !== undefined && !ends && !choices.some(hasContent);
      return {
        drop: (isUsage && hidesUsage) || (isProgress && hidden.has("progress")),
        remove: namesToRemove(hidden, ends || isUsage, isUsage),
        hold: ends && hidesUsage,
      };
    },
  };
}

/** The first progress comes with the event that says the response is in progress, which is sent anyway; every later one repeats it. */
function responsesRule(hidden: ReadonlySet<Hidden>): HidingRule {
  let isUnderWay = false;
  return {
    marks: marksFor(hidden),
    judge(value) {
      const repeats = isUnderWay && value["type"] === "response.in_progress";
      isUnderWay ||= value["prompt_progress"] !== undefined;
      return {
        drop: repeats && hidden.has("progress"),
        remove: namesToRemove(hidden, ENDS.has(value["type"])),
        hold: false,
      };
    },
  };
}

const ENDS: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed"]);

function llamaRule(hidden: ReadonlySet<Hidden>): HidingRule {
  return {
    marks: marksFor(hidden),
    judge(value) {
      const isProgress = value["prompt_progress"] !== undefined && textIn(value["content"]) === undefined;
      const drop = isProgress && hidden.has("progress");
      return { drop, remove: namesToRemove(hidden, value["stop"] !== false), hold: false };
    },
  };
}
