import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ConfigError } from "../../src/gateway/config/config-error.ts";
import { parseConfigFile } from "../../src/gateway/config/config-file.ts";
import { loadConfig, parseConfig, type LoadOptions } from "../../src/gateway/config/load-config.ts";
import { nearestName } from "../../src/gateway/config/nearest-name.ts";

function failure(attempt: () => unknown): ConfigError {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  return assert.fail("it was accepted");
}

/** The messages about a file of this text, with these options besides. */
function messagesOf(yaml: string, options: LoadOptions = {}): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "headgate-config-"));
  try {
    writeFileSync(join(folder, "headgate.yaml"), yaml);
    const environment = { HOME: folder, ...options.environment };
    return failure(() => loadConfig({ folder, ...options, environment })).problems.map(({ message }) => message);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("configuration: what is wrong is said once, in full and with its remedy", () => {
  it("a problem names file, line, path, value and what it must be", () => {
    assert.deepEqual(messagesOf("log:\n  level: warn\nqueue:\n  maxWaiting: -1\n"), [
      "headgate.yaml:4: queue.maxWaiting is -1; it must be a whole number from 0",
    ]);
  });

  it("an unknown name is answered with the nearest known one, or with all there are", () => {
    assert.deepEqual(messagesOf("listn: []\nlog:\n  colour: red\n"), [
      "headgate.yaml:1: listn: unknown; did you mean listen?",
      "headgate.yaml:3: log.colour: unknown; there are level, form",
    ]);
  });

  it("all problems of all sources come at once, those of the file by their lines", () => {
    const messages = messagesOf(
      "upstreams:\n  - capacity: 0\n  - url: http://a:1/v1\nqueue:\n  beside: both\n  agingMs: 0\nlisten: [{ host: 0.0.0.0 }]\n",
      {
        environment: { HEADGATE_LOG__LEVEL: "loud", HEADGATE_RULES: "[{" },
        flags: { maxWaiting: "many", capacity: "2", set: ["nonsense"] },
      },
    );
    assert.deepEqual(messages, [
      "--capacity: it is the capacity of an --upstream; name one, or set upstreams[0].capacity in the file",
      "--set: not understood; it must be OPTION=VALUE, such as queue.agingMs=60000",
      "HEADGATE_RULES: rules is not JSON; it must be a list, written as JSON",
      '--max-waiting: queue.maxWaiting is "many"; it must be a whole number from 0',
      'HEADGATE_LOG__LEVEL: log.level is "loud"; it must be debug, info, warn, error or silent',
      "headgate.yaml:2: upstreams[0].url is missing; it must be an http or https URL, such as http://127.0.0.1:8080",
      "headgate.yaml:2: upstreams[0].capacity is 0; it must be a whole number from 1",
      'headgate.yaml:5: queue.beside is "both"; it must be pause or share',
      "headgate.yaml:6: queue.agingMs is 0; it must be a number of milliseconds from 1 to 2147483647",
      'headgate.yaml:7: listen[0].host is "0.0.0.0"; it must be 127.0.0.1, ::1 or localhost while there are no keys; ' +
        "add a key (keys in the file, HEADGATE_KEYS, or --key NAME=KEY), or others could use your model",
    ]);
  });

  it("an error carries its problems as data, and the exit code for a wrong configuration", () => {
    const error = failure(() => parseConfig({ queue: { maxWaiting: 1.5 } }));
    assert.equal(error.code, "config_invalid");
    assert.equal(error.exitCode, 78);
    const [problem] = error.problems;
    assert.equal(problem?.path, "queue.maxWaiting");
    assert.equal(problem.value, 1.5);
    assert.equal(problem.expected, "a whole number from 0");
    assert.equal(problem.source, "configuration");
  });

  it("a file that is not YAML is told by its lines", () => {
    const messages = messagesOf("log: {level: info\nlisten: [\n");
    assert.ok(messages.length > 0);
    for (const message of messages) assert.match(message, /^headgate\.yaml:\d+: not YAML: /);
    assert.match(
      messagesOf("log:\n  level: info\nlog: {}\n")[0]!,
      /^headgate\.yaml:3: not YAML: map keys must be unique/,
    );
    assert.match(messagesOf("simulate: *on\n")[0]!, /an alias/);
    assert.match(messagesOf("keys: !vault secret\n")[0]!, /^headgate\.yaml:1: not YAML: unresolved tag$/);
  });

  it("a file that holds a list or a word is no configuration", () => {
    assert.deepEqual(messagesOf("- a\n"), [
      "headgate.yaml:1: the configuration is a list; it must be a mapping of names to values",
    ]);
  });

  it("a file that was named must exist", () => {
    assert.deepEqual(messagesOf("", { flags: { config: "gone.yaml" } }), ["--config: there is no file gone.yaml"]);
    assert.deepEqual(messagesOf("", { environment: { HEADGATE_CONFIG: "gone.yaml" } }), [
      "HEADGATE_CONFIG: there is no file gone.yaml",
    ]);
  });

  it("a value under an alias is told by the line of its own", () => {
    const file = parseConfigFile("a: &x\n  b: 1\nc: *x\n", "f");
    assert.equal(file.lineOf(["c", "b"]), 2);
    assert.equal(file.lineOf(["c", "missing"]), 3);
    assert.equal(file.lineOf([]), 1);
  });
});

describe("configuration: options that do not go together", () => {
  const complaint = (values: object): string =>
    failure(() => parseConfig(values)).message.replace(/^configuration: /, "");
  const keys = [{ name: "chat", key: "abcdefgh" }];
  const local = "http://127.0.0.1:8080";

  it("nothing but loopback without keys", () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.org", "::ffff:10.0.0.1"]) {
      assert.match(complaint({ listen: [{ host }] }), /while there are no keys; add a key/);
      assert.ok(parseConfig({ listen: [{ host }], keys }));
    }
    for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost", "::ffff:127.0.0.1"]) {
      assert.ok(parseConfig({ listen: [{ host }] }));
    }
  });

  it("keys that are wrong are not taken for keys that are missing", () => {
    const message = complaint({ listen: [{ host: "0.0.0.0" }], keys: [{ name: "chat", key: "short" }] });
    assert.doesNotMatch(message, /listen/);
  });

  it("no address, no server name and no secret twice", () => {
    assert.match(
      complaint({ listen: [{ port: 1 }, { port: 1 }] }),
      /listen\[1\] listens on 127\.0\.0\.1:1 a second time/,
    );
    assert.ok(parseConfig({ listen: [{ port: 0 }, { port: 0 }] }));
    assert.match(
      complaint({ upstreams: [{ url: local }, { url: local }] }),
      /upstreams\[1\] is the second that is called/,
    );
    assert.match(
      complaint({ keys: [...keys, { name: "other", key: "abcdefgh" }] }),
      /keys\[1\]\.key is the secret of another/,
    );
    assert.ok(parseConfig({ keys: [...keys, { name: "chat", key: "its-successor" }] }));
  });

  it("a server's URL holds no password and no /v1", () => {
    assert.match(complaint({ upstreams: [{ url: `${local}/v1` }] }), /it must be without \/v1/);
    assert.match(complaint({ upstreams: [{ url: `${local}/?a=1` }] }), /it must be without \? and #/);
    assert.match(
      complaint({ upstreams: [{ url: "http://me:pass@x" }] }),
      /"http:\/\/\(hidden\)@x".*put the token into apiKey/,
    );
    assert.ok(parseConfig({ upstreams: [{ url: `${local}/prefix/` }] }));
  });

  it("a rule has a condition, and names a key that there is", () => {
    assert.match(complaint({ rules: [{ priority: 1 }] }), /rules\[0\] has no condition.*there is defaultPriority/);
    assert.match(complaint({ rules: [{ priority: 1, key: "chatt" }], keys }), /did you mean chat\?/);
    assert.match(complaint({ rules: [{ priority: 1, key: "chat" }] }), /there are no keys/);
  });

  it("reserved slots leave one for background where the capacity is known", () => {
    const upstreams = [{ url: local, capacity: 2 }];
    assert.match(
      complaint({ upstreams, queue: { reserved: 2 } }),
      /it must be less than 2; background would never run/,
    );
    assert.ok(parseConfig({ upstreams, queue: { reserved: 1 } }));
  });

  it("priorities are small enough for aging", () => {
    const values = { defaultPriority: 2e6, keys: [{ ...keys[0], ceiling: -2e6 }] };
    assert.ok(parseConfig(values));
    const message = complaint({ ...values, queue: { agingMs: 1000 } });
    assert.match(message, /defaultPriority is 2000000; it must be within 1000000 of 0/);
    assert.match(message, /keys\[0\]\.ceiling is -2000000/);
  });
});

describe("configuration: no message tells a secret", () => {
  const SECRET = "hunter2-hunter2";

  function assertHidden(error: ConfigError): void {
    assert.doesNotMatch(error.message, /hunter2/);
    assert.doesNotMatch(JSON.stringify(error.problems), /hunter2/);
    assert.doesNotMatch(error.stack ?? "", /hunter2/);
  }

  it("wherever somebody puts it by mistake", () => {
    const mistakes: readonly object[] = [
      { keys: SECRET },
      { keys: [SECRET] },
      { keys: { [SECRET]: "chat" } },
      { keys: [{ [SECRET]: "chat" }] },
      { keys: [{ name: "chat", key: `${SECRET} with spaces` }] },
      { keys: [{ name: "chat", key: { value: SECRET } }] },
      { keys: [{ name: "chat", key: [SECRET] }] },
      { keys: [{ name: "chat", key: `$${SECRET.replace("-", "_")}` }] },
      {
        keys: [
          { name: "a", key: SECRET },
          { name: "b", key: SECRET },
        ],
      },
      { keys: [{ name: "chat", key: "abcdefgh" }], rules: [{ key: SECRET, priority: 1 }] },
      { rules: [{ header: { authorization: [SECRET] }, priority: 1 }] },
      { upstreams: [{ url: "http://a", apiKey: `${SECRET} x` }] },
      { upstreams: [{ url: `http://user:${SECRET}@a` }] },
      { upstreams: [`http://user:${SECRET}@a`] },
    ];
    for (const values of mistakes) assertHidden(failure(() => parseConfig(values)));
  });

  it("in flags and variables", () => {
    const folder = "/nonexistent";
    assertHidden(failure(() => loadConfig({ folder, flags: { key: [SECRET] } })));
    assertHidden(failure(() => loadConfig({ folder, environment: { HEADGATE_KEYS: SECRET } })));
    assertHidden(failure(() => loadConfig({ folder, environment: { HEADGATE_KEYS: `[{"name": "${SECRET}` } })));
    assertHidden(failure(() => loadConfig({ folder, environment: { A: `${SECRET} x` }, flags: { key: ["a=$A"] } })));
    assertHidden(failure(() => loadConfig({ folder, flags: { upstream: [`http://u:${SECRET}@h`] } })));
  });

  it("in files that are not YAML", () => {
    for (const text of [
      `keys:\n  - name: a\n    key: ${SECRET}\n   role: admin\n`,
      `keys: [{ name: a, key: "${SECRET} }]\n`,
      `keys: *${SECRET}\n`,
      `keys: !${SECRET} x\n`,
      `keys: |${SECRET}\n  x\n`,
      `@${SECRET}: x\n`,
      `keys:\n\t- ${SECRET}\n`,
    ]) {
      assertHidden(failure(() => parseConfig(parseConfigFile(text, "headgate.yaml").values)));
    }
  });

  it("whatever the text around it", () => {
    const pieces = fc.constantFrom(
      "keys",
      ":",
      " ",
      "\n",
      "  ",
      "- ",
      "name",
      "key",
      SECRET,
      "{",
      "}",
      "[",
      "]",
      '"',
      "!",
      "*",
      "&",
      "|",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
        try {
          parseConfig(parseConfigFile(`keys:\n  - name: a\n    key: ${parts.join("")}`, "headgate.yaml").values);
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          assertHidden(error);
        }
      }),
    );
  });
});

describe("configuration: the nearest name", () => {
  it("is one that a typing error away from it, and none when nothing is near", () => {
    const names = ["listen", "limits", "log", "queue", "keys"];
    assert.equal(nearestName("lisetn", names), "listen");
    assert.equal(nearestName("LISTEN", names), "listen");
    assert.equal(nearestName("limit", names), "limits");
    assert.equal(nearestName("logs", names), "log");
    assert.equal(nearestName("upstream", names), undefined);
    assert.equal(nearestName("", names), undefined);
  });
});
