import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { identifyServer } from "../../src/engines/detect.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { topLevelFields } from "../../src/protocol/json-fields.ts";
import { tries } from "../property/model-runs.ts";
import { onItsWay } from "./on-its-way.ts";
import { ScriptedProbe } from "./scripted-probe.ts";
import { SERVERS, SGLANG } from "./server-answers.ts";

const PRIORITY_SGLANG = {
  ...SGLANG,
  answers: { ...SGLANG.answers, "/server_info": { enable_priority_scheduling: true } },
};

const engines: readonly Engine[] = await Promise.all(
  [...Object.values(SERVERS).map(([, script]) => script), PRIORITY_SGLANG].map(
    async (script) => (await identifyServer(new ScriptedProbe(script)))!,
  ),
);

const PATHS = [
  "/v1/chat/completions",
  "/v1/completions",
  "/completion",
  "/infill",
  "/v1/responses",
  "/v1/messages",
  "/v1/embeddings",
  "/rerank",
  "/api/chat",
  "/api/generate",
  "/generate",
];

/** All that some rule may change. */
const RULED = new Set(["priority", "stream", "stream_options", "return_progress"]);

const values = fc.oneof(
  fc.constantFrom("true", "false", "null", "1", "-0", "1e400", "12345678901234567890", '"high"', '"\\u0041é\\/"'),
  fc.constantFrom("[]", '["a" ,"b"]', "[1,2]", '[ {"n": 1}]'),
  fc.constantFrom("{}", '{"include_usage" : true}', '{ "x":1.50, "include_usage":null }', '{"y" :{ }}'),
);

const names = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...RULED) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("n", "tools", "logprobs", "prompt", "response_fields", "return_tokens", "seed"),
  },
  { weight: 1, arbitrary: fc.constantFrom("model", "messages", "größe", "\\u0070riority", "__proto__") },
);

const space = fc.constantFrom("", " ", "\n  ");

/** One member: its raw text and the space around it. */
const members = fc
  .tuple(space, names, space, values)
  .map(([before, name, after, value]) => `${before}"${name}":${after}${value}`);

const bodies = fc.array(members, { maxLength: 8 }).map((list) => `{${list.join(",")}}`);

/** Raw texts of the members that no rule concerns, from the key to the end of the value. */
function unruled(text: string): string[] {
  const body = Buffer.from(text);
  const fields = topLevelFields(body);
  return Array.from({ length: fields.count }, (_, index) => {
    const { start, end } = fields.key(index);
    const name = JSON.parse(body.subarray(start, end).toString()) as string;
    return RULED.has(name) ? undefined : body.subarray(start, fields.value(index).end).toString();
  }).filter((raw) => raw !== undefined);
}

type Members = Readonly<Record<string, unknown>>;

function streamOptions(body: Members): Members {
  const { stream_options: options } = body;
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
  const { include_usage: _, ...others } = (isObject ? options : {}) as Members;
  return others;
}

describe("the rules of every engine", () => {
  it("leave every member that they do not name as it was spelt, in its order", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...engines),
        fc.constantFrom(...PATHS),
        bodies,
        fc.double(),
        (engine, path, body, priority) => {
          const { sent } = onItsWay(engine, path, body, { priority: Number.isFinite(priority) ? priority : 0 });
          assert.deepEqual(unruled(sent), unruled(body));
        },
      ),
      tries(3_000),
    );
  });

  it("ask only streams, force one only where the client wanted none, and keep what else it said of streams", () => {
    fc.assert(
      fc.property(fc.constantFrom(...engines), fc.constantFrom(...PATHS), bodies, (engine, path, body) => {
        const outgoing = onItsWay(engine, path, body);
        const [before, after] = [JSON.parse(body), JSON.parse(outgoing.sent)] as [Members, Members];
        if (outgoing.forceStream) assert.deepEqual([before["stream"] === true, after["stream"]], [false, true]);
        else assert.deepEqual(after["stream"], before["stream"]);
        if (outgoing.hide.length > 0) assert.equal(after["stream"], true);
        assert.deepEqual(streamOptions(after), streamOptions(before));
        // A body that needs no rule is not touched at all.
        if (outgoing.edits.length === 0) assert.equal(outgoing.sent, body);
      }),
      tries(3_000),
    );
  });
});
