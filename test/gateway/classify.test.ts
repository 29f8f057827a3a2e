import assert from "node:assert/strict";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Gate, Priority } from "../../src/gate/index.ts";
import { classify, type Classification } from "../../src/gateway/classify.ts";
import { parseConfig } from "../../src/gateway/config/load-config.ts";
import type { GatewayConfig } from "../../src/gateway/config/types.ts";
import type { Identity } from "../../src/gateway/keys.ts";

const { FOREGROUND, BACKGROUND } = Priority;

interface Case {
  readonly config?: object;
  readonly headers?: IncomingHttpHeaders;
  readonly path?: string;
  readonly prefix?: number | undefined;
  readonly listener?: number | undefined;
  readonly key?: Partial<Identity>;
  readonly model?: string | undefined;
  readonly priority?: string | number | boolean | undefined;
  readonly tier?: string | undefined;
  readonly models?: readonly string[];
}

function of(asked: Case, config: GatewayConfig = parseConfig(asked.config ?? {})): Classification {
  const visit = {
    request: { headers: asked.headers ?? {} } as IncomingMessage,
    path: asked.path ?? "/v1/chat/completions",
    prefixPriority: asked.prefix,
    listenerPriority: asked.listener,
    identity: {
      client: "local",
      role: "user",
      priority: undefined,
      ceiling: undefined,
      maxWaitMs: undefined,
      ...asked.key,
    },
  } as const;
  const facts = { model: asked.model, priority: asked.priority, serviceTier: asked.tier };
  return classify(config, visit, facts, (name) => asked.models?.includes(name) === true);
}

/** "50 by header x-priority" */
function told(asked: Case): string {
  const { priority, source } = of(asked);
  return `${priority} by ${source}`;
}

describe("classify: the first that speaks decides", () => {
  /** Every way to say a priority, the strongest first, each with another number. */
  const ways: readonly Case[] = [
    { headers: { "x-headgate-priority": "1" } },
    { prefix: 2 },
    { model: "llama3@3" },
    { priority: "foreground" },
    { tier: "flex" },
    { config: { rules: [{ path: "/v1/*", priority: 6 }] } },
    { key: { priority: 7 } },
    { listener: 8 },
    { config: { defaultPriority: 9 } },
  ];
  const verdicts = [
    "1 by header x-headgate-priority",
    "2 by path",
    "3 by model alias",
    "0 by body",
    "100 by service_tier",
    "6 by rule 1",
    "7 by key",
    "8 by listener",
    "9 by default",
  ];

  it("header, path, model alias, body, service tier, rule, key, listener, default", () => {
    for (const [index, verdict] of verdicts.entries()) {
      const rest = ways.slice(index);
      const config = Object.assign({}, ...rest.map((way) => way.config)) as object;
      assert.equal(told({ ...(Object.assign({}, ...rest) as Case), config }), verdict);
    }
  });

  it("who says nothing is background", () => {
    assert.equal(told({}), "100 by default");
  });
});

describe("classify: headers", () => {
  it("are names in any letter case or numbers, under Headgate's own name and those of others", () => {
    assert.equal(of({ headers: { "x-headgate-priority": "Foreground" } }).priority, FOREGROUND);
    assert.equal(of({ headers: { "x-priority": "bulk" } }).priority, BACKGROUND);
    assert.equal(of({ headers: { "x-smg-priority": "-1.5" } }).priority, -1.5);
    const both = { "x-priority": "low", "x-headgate-priority": "high" };
    assert.equal(told({ headers: both }), "0 by header x-headgate-priority");
  });

  it("an unknown name counts for nothing, and is told", () => {
    const { priority, source, unknown } = of({ headers: { "x-headgate-priority": "urgent" }, key: { priority: 7 } });
    assert.deepEqual([priority, source, unknown], [7, "key", "urgent"]);
    const next = of({ headers: { "x-headgate-priority": "urgent", "x-priority": "low" } });
    assert.deepEqual([next.priority, next.unknown], [100, "urgent"]);
    assert.equal(of({ headers: { "x-priority": "low" } }).unknown, undefined);
  });
});

describe("classify: model names", () => {
  it("a priority behind the model's name is taken off it", () => {
    const { priority, model } = of({ model: "llama3@background" });
    assert.deepEqual([priority, model], [BACKGROUND, "llama3"]);
  });

  it("a model that is really named so keeps its name", () => {
    const { source, model } = of({ model: "text-embedding@001", models: ["text-embedding@001"] });
    assert.deepEqual([source, model], ["default", "text-embedding@001"]);
    assert.equal(of({ model: "text-embedding@001@50", models: ["text-embedding@001"] }).model, "text-embedding@001");
    assert.equal(of({ model: "qwen3@q4_k_m" }).model, "qwen3@q4_k_m");
  });

  it("the priority comes off also where a header decides, for the server does not know that name", () => {
    const { priority, model } = of({ model: "llama3@background", headers: { "x-headgate-priority": "5" } });
    assert.deepEqual([priority, model], [5, "llama3"]);
  });
});

describe("classify: the body", () => {
  it("a name in its priority is understood, and true means first", () => {
    assert.equal(told({ priority: "batch" }), "100 by body");
    assert.equal(told({ priority: true }), "0 by body");
    assert.equal(told({ priority: "urgent" }), "100 by default");
    assert.equal(of({ priority: "urgent" }).unknown, "urgent");
  });

  it("false is nothing special, and a number is left to the engine, whose direction it has", () => {
    for (const priority of [false, 0, -5, 100, "0", "50", "", "1e3"]) {
      const { source, unknown } = of({ priority });
      assert.deepEqual([source, unknown], ["default", undefined], String(priority));
    }
  });

  it("service tiers: flex may wait, priority must not, the others say nothing", () => {
    assert.equal(of({ tier: "flex", config: { defaultPriority: 0 } }).priority, BACKGROUND);
    assert.equal(of({ tier: "priority" }).priority, FOREGROUND);
    for (const tier of ["auto", "default", "scale", ""]) assert.equal(told({ tier }), "100 by default");
  });
});

describe("classify: rules", () => {
  const ruled = (rule: object, asked: Case): boolean => {
    const keys = [{ name: "agents", key: "agents-key" }];
    return of({ ...asked, config: { keys, rules: [{ priority: 42, ...rule }] } }).priority === 42;
  };

  it("the first whose every condition holds decides, by its number", () => {
    const rules = [
      { userAgent: "curl", model: "qwen*", priority: 1 },
      { userAgent: "curl", priority: 2 },
      { path: "*", priority: 3 },
    ];
    const headers = { "user-agent": "curl/8.5" };
    assert.equal(told({ config: { rules }, headers, model: "qwen3" }), "1 by rule 1");
    assert.equal(told({ config: { rules }, headers, model: "llama3" }), "2 by rule 2");
    assert.equal(told({ config: { rules } }), "3 by rule 3");
  });

  it("look at key, path, model, user agent and headers", () => {
    assert.ok(ruled({ key: "agents" }, { key: { client: "agents" } }));
    assert.ok(!ruled({ key: "agents" }, { key: { client: "chat" } }));
    assert.ok(ruled({ path: "/v1/emb*" }, { path: "/v1/embeddings" }));
    assert.ok(!ruled({ path: "/v1/emb" }, { path: "/v1/embeddings" }));
    assert.ok(ruled({ model: "qwen3" }, { model: "qwen3" }));
    assert.ok(!ruled({ model: "*" }, {}));
    assert.ok(ruled({ userAgent: "Claude-CLI" }, { headers: { "user-agent": "x claude-cli/1.0" } }));
    assert.ok(!ruled({ userAgent: "curl" }, {}));
    assert.ok(ruled({ header: { "X-App": "cli-*" } }, { headers: { "x-app": "cli-bg" } }));
    assert.ok(!ruled({ header: { "x-app": "*" } }, {}));
    const two = { "x-app": "cli-bg", "x-user": "*" };
    assert.ok(!ruled({ header: two }, { headers: { "x-app": "cli-bg" } }));
    assert.ok(ruled({ header: two }, { headers: { "x-app": "cli-bg", "x-user": "" } }));
  });

  it("see the model without the priority behind it, whatever decides in the end", () => {
    const rules = [{ model: "qwen3", priority: 5 }];
    assert.equal(of({ config: { rules }, model: "qwen3@7" }).model, "qwen3");
    assert.equal(told({ config: { rules }, model: "qwen3" }), "5 by rule 1");
  });

  it("* in a pattern stands for any run of characters, as a regular expression would say", () => {
    const piece = fc.constantFrom("a", "b", "ab", "*", ".", "");
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        fc.array(piece, { maxLength: 8 }),
        (parts, letters) => {
          const pattern = parts.join("");
          const model = letters.join("").replaceAll("*", "c");
          fc.pre(pattern !== "");
          const expression = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", "[^]*")}$`);
          assert.equal(ruled({ model: pattern }, { model }), expression.test(model), `${pattern} ${model}`);
        },
      ),
    );
  });
});

describe("classify: bounds", () => {
  const anyPriority = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, 100, -1, 1e6, -1e6, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324),
  );
  const anyText = fc.oneof(
    fc.string(),
    anyPriority.map(String),
    fc.constantFrom("foreground", "background", "high", "1e400"),
  );
  const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
  const names = fc.constantFrom(
    "x-headgate-priority",
    "x-priority",
    "x-queue-priority",
    "x-job-priority",
    "x-smg-priority",
  );
  const anyRequest = fc.record({
    headers: fc.dictionary(names, anyText),
    prefix: maybe(anyPriority),
    listener: maybe(anyPriority),
    model: maybe(
      fc.oneof(
        anyText,
        anyText.map((text) => `m@${text}`),
      ),
    ),
    priority: maybe(fc.oneof(anyText, anyPriority, fc.boolean())),
    tier: maybe(fc.constantFrom("flex", "priority", "auto")),
  });
  const plain = parseConfig({ rules: [{ path: "*", model: "m", priority: -3 }] });
  const aging = parseConfig({ queue: { agingMs: 60_000 } });

  it("a key's ceiling is never exceeded, whatever the request says", () => {
    fc.assert(
      fc.property(anyRequest, anyPriority, maybe(anyPriority), (request, ceiling, priority) => {
        const result = of({ ...request, key: { ceiling, priority } }, plain);
        assert.ok(result.priority >= ceiling, `${result.priority} by ${result.source}`);
        const free = of({ ...request, key: { priority } }, plain);
        assert.equal(result.priority, Math.max(free.priority, ceiling));
        assert.equal(result.clamped, free.priority < ceiling);
        assert.equal(result.source.endsWith(", lowered by the key"), result.clamped);
      }),
    );
  });

  it("whatever comes out is a priority that the gate takes, with aging too", async () => {
    const gates = [
      { gate: new Gate({ capacity: 1 }), config: plain },
      { gate: new Gate({ capacity: 1, agingMs: 60_000 }), config: aging },
    ];
    await fc.assert(
      fc.asyncProperty(anyRequest, maybe(fc.integer({ min: -1e6, max: 1e6 })), async (request, ceiling) => {
        for (const { gate, config } of gates) {
          const { priority } = of({ ...request, key: { ceiling } }, config);
          (await gate.acquire({ priority })).release();
        }
      }),
    );
  });

  it("without aging no number is changed, with it none beyond ±1e6 is left", () => {
    const headers = { "x-headgate-priority": "-2e6" };
    assert.equal(of({ headers }, plain).priority, -2e6);
    assert.equal(of({ headers }, aging).priority, -1e6);
    assert.equal(of({ prefix: 5e9 }, aging).priority, 1e6);
    assert.equal(of({ headers }, aging).clamped, false);
  });
});
