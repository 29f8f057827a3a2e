import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Priority } from "../../src/gate/index.ts";
import { ConfigError } from "../../src/gateway/config/config-error.ts";
import { FLAGS } from "../../src/gateway/config/flags.ts";
import { loadConfig, parseConfig, type LoadOptions } from "../../src/gateway/config/load-config.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "headgate-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Loads as a process in `folder` would whose home is there too. */
function load(options: LoadOptions = {}): ReturnType<typeof loadConfig> {
  return loadConfig({ folder, ...options, environment: { HOME: folder, ...options.environment } });
}

describe("configuration: where values come from", () => {
  it("without anything every option has its default", () => {
    const { config, file, warnings } = load();
    assert.deepEqual(config.listen, [{ host: "127.0.0.1", port: 11_400 }]);
    assert.equal(config.defaultPriority, Priority.BACKGROUND);
    assert.equal(config.queue.foregroundUpTo, Priority.FOREGROUND);
    assert.equal(config.limits.bodyBytes, 104_857_600);
    assert.equal(file, undefined);
    assert.deepEqual(warnings, []);
  });

  it("a flag beats a variable, a variable beats the file, the file beats the default", () => {
    write("headgate.yaml", "queue: { maxWaiting: 1, reserved: 1, idleGraceMs: 1 }\n");
    const { config } = load({
      environment: { HEADGATE_QUEUE__MAX_WAITING: "2", HEADGATE_QUEUE__RESERVED: "2" },
      flags: { maxWaiting: "3" },
    });
    const { maxWaiting, reserved, idleGraceMs, idleGraceGuardMs } = config.queue;
    assert.deepEqual(
      { maxWaiting, reserved, idleGraceMs, idleGraceGuardMs },
      {
        maxWaiting: 3,
        reserved: 2,
        idleGraceMs: 1,
        idleGraceGuardMs: 60_000,
      },
    );
  });

  it("a list is taken whole from the first that has it", () => {
    write("headgate.yaml", "allowedHosts: [a.example, b.example]\n");
    assert.deepEqual(load({ flags: { allowHost: ["c.example"] } }).config.allowedHosts, ["c.example"]);
  });

  it("the file is the one named by flag, else by variable, else the one here, else the one at home", () => {
    const at = (name: string, maxWaiting: number): string => write(name, `queue: { maxWaiting: ${maxWaiting} }\n`);
    const home = at(".config/headgate/config.yaml", 1);
    assert.equal(load().file, home);
    const here = at("headgate.yaml", 2);
    assert.equal(load().file, here);
    const named = at("named.yaml", 3);
    const byVariable = load({ environment: { HEADGATE_CONFIG: "named.yaml" } });
    assert.equal(byVariable.file, named);
    assert.equal(byVariable.config.queue.maxWaiting, 3);
    const other = at("other.yaml", 4);
    const byFlag = load({ environment: { HEADGATE_CONFIG: "named.yaml" }, flags: { config: "other.yaml" } });
    assert.equal(byFlag.file, other);
    assert.equal(byFlag.config.queue.maxWaiting, 4);
  });

  it("XDG_CONFIG_HOME moves the file at home", () => {
    const path = write("xdg/headgate/config.yaml", "simulate: true\n");
    assert.equal(load({ environment: { XDG_CONFIG_HOME: join(folder, "xdg") } }).file, path);
  });

  it("an empty file, an empty section and an empty variable say nothing", () => {
    write("headgate.yaml", "# nothing yet\n");
    assert.deepEqual(load().config, parseConfig({}));
    write("headgate.yaml", "queue:\n  foreground:\n  #maxWaiting: 3\nkeys:\n");
    const { config } = load({ environment: { HEADGATE_LOG__LEVEL: "", HEADGATE_CONFIG: "" } });
    assert.deepEqual(config, parseConfig({}));
  });
});

describe("configuration: environment variables", () => {
  it("every option outside of lists has a variable, and reads text, numbers and booleans as they are meant", () => {
    const { config } = load({
      environment: {
        HEADGATE_DEFAULT_PRIORITY: "foreground",
        HEADGATE_QUEUE__FOREGROUND_UP_TO: "10",
        HEADGATE_QUEUE__BACKGROUND__MAX_WAIT_MS: "1e3",
        HEADGATE_SIMULATE: "yes",
        HEADGATE_LOG__FORM: "json",
      },
    });
    assert.equal(config.defaultPriority, Priority.FOREGROUND);
    assert.equal(config.queue.foregroundUpTo, 10);
    assert.equal(config.queue.background.maxWaitMs, 1000);
    assert.equal(config.simulate, true);
    assert.equal(config.log.form, "json");
  });

  it("lists are written with commas, items in their short form", () => {
    const { config } = load({
      environment: {
        HEADGATE_LISTEN: ":11401=background, [::1]:11402, localhost:11403=50",
        HEADGATE_UPSTREAM: "gpu=http://127.0.0.1:8080,http://127.0.0.1:11434",
        HEADGATE_KEYS: "chat=abcdefgh1,agents=abcdefgh2",
        HEADGATE_ALLOWED_HOSTS: "a.example,b.example",
      },
    });
    assert.deepEqual(config.listen, [
      { host: "127.0.0.1", port: 11_401, priority: 100 },
      { host: "::1", port: 11_402 },
      { host: "localhost", port: 11_403, priority: 50 },
    ]);
    assert.deepEqual(
      config.upstreams.map(({ name, url }) => [name, url]),
      [
        ["gpu", "http://127.0.0.1:8080"],
        [undefined, "http://127.0.0.1:11434"],
      ],
    );
    assert.deepEqual(
      config.keys.map(({ name, key, role }) => [name, key, role]),
      [
        ["chat", "abcdefgh1", "user"],
        ["agents", "abcdefgh2", "user"],
      ],
    );
    assert.deepEqual(config.allowedHosts, ["a.example", "b.example"]);
  });

  it("lists may be JSON, for what the short form cannot say", () => {
    const { config } = load({
      environment: {
        HEADGATE_UPSTREAMS: '[{"url": "http://127.0.0.1:8080", "apiKey": "$SECRET", "capacity": 2}]',
        HEADGATE_RULES: '[{"userAgent": "curl", "priority": 70}]',
        SECRET: "s3cret",
      },
    });
    assert.deepEqual(config.upstreams, [
      { url: "http://127.0.0.1:8080", apiKey: "s3cret", capacity: 2, models: { alias: {} } },
    ]);
    assert.deepEqual(config.rules, [{ userAgent: "curl", priority: 70 }]);
  });

  it("a variable that looks like a typing error is a warning; those of other programs are left alone", () => {
    const { warnings } = load({
      environment: {
        HEADGATE_QUEU__MAX_WAITING: "7",
        HEADGATE_PORT: "tcp://10.0.0.1:11400",
        HEADGATE_SERVICE_HOST: "10.0.0.1",
        HEADGATE_URL: "http://127.0.0.1:11400",
      },
    });
    assert.deepEqual(warnings, [
      "HEADGATE_QUEU__MAX_WAITING is not known and was left aside; did you mean HEADGATE_QUEUE__MAX_WAITING?",
    ]);
  });
});

describe("configuration: flags", () => {
  it("--host and --port change the first listener only, whoever named it", () => {
    assert.deepEqual(load({ flags: { port: "0" } }).config.listen, [{ host: "127.0.0.1", port: 0 }]);
    write("headgate.yaml", "listen: [{ port: 1, priority: 5 }, { port: 2 }]\n");
    assert.deepEqual(load({ flags: { port: "3", host: "::1" } }).config.listen, [
      { host: "::1", port: 3, priority: 5 },
      { host: "127.0.0.1", port: 2 },
    ]);
  });

  it("--capacity is that of every --upstream", () => {
    const { config } = load({ flags: { upstream: ["http://a:1", "b=http://b:1"], capacity: "4" } });
    assert.deepEqual(
      config.upstreams.map(({ capacity }) => capacity),
      [4, 4],
    );
  });

  it("--set reaches every option, also within lists", () => {
    write("headgate.yaml", "upstreams: [{ url: http://127.0.0.1:8080 }]\n");
    const { config } = load({
      flags: {
        set: ["queue.agingMs=60000", "upstreams[0].models.pin=qwen3", 'allowedHosts=["a=b"]', "log.level=debug"],
      },
    });
    assert.equal(config.queue.agingMs, 60_000);
    assert.equal(config.upstreams[0]?.models.pin, "qwen3");
    assert.deepEqual(config.allowedHosts, ["a=b"]);
    assert.equal(config.log.level, "debug");
  });

  it("every flag is named after what commander makes of its usage", () => {
    for (const { name, usage } of FLAGS) {
      const camel = usage
        .split(" ", 1)[0]!
        .slice(2)
        .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      assert.equal(name, camel);
    }
  });
});

describe("configuration: secrets", () => {
  it("$NAME is read from the environment, file:PATH from the folder of the file that says so", () => {
    write("etc/agents.key", "  key-of-the-agents \n");
    write("etc/gate.yaml", "keys:\n  - { name: chat, key: $CHAT_KEY }\n  - { name: agents, key: 'file:agents.key' }\n");
    const { config } = load({ flags: { config: "etc/gate.yaml" }, environment: { CHAT_KEY: "key-of-the-chat" } });
    assert.deepEqual(
      config.keys.map(({ key }) => key),
      ["key-of-the-chat", "key-of-the-agents"],
    );
  });

  it("a file that a flag names is looked for in the current folder, and ~ is the home", () => {
    write("a.key", "abcdefgh");
    write("etc/gate.yaml", "simulate: true\n");
    const flags = { config: "etc/gate.yaml", key: ["a=file:a.key"] };
    assert.equal(load({ flags }).config.keys[0]?.key, "abcdefgh");
    assert.equal(load({ flags: { key: ["a=file:~/a.key"] } }).config.keys[0]?.key, "abcdefgh");
  });

  it("a secret that was looked up must be as long as one that stands there", () => {
    assert.throws(() => load({ flags: { key: ["a=$SHORT"] }, environment: { SHORT: "abc" } }), ConfigError);
  });

  it("with keys a gateway may listen on every address", () => {
    const { config } = load({ flags: { host: "0.0.0.0", key: ["a=abcdefgh"] } });
    assert.equal(config.listen[0]?.host, "0.0.0.0");
  });
});
