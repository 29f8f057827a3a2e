import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identifyServer, KNOWN_SERVERS } from "../../src/engines/detect.ts";
import { unknownEngine } from "../../src/engines/unknown.ts";
import { Reply, ScriptedProbe } from "./scripted-probe.ts";
import { SERVERS } from "./server-answers.ts";

describe("identifyServer", () => {
  for (const [title, [name, script]] of Object.entries(SERVERS)) {
    it(`takes ${title} for ${name} and nothing else`, async () => {
      const engine = await identifyServer(new ScriptedProbe(script));
      assert.equal(engine?.name, name);
    });
  }

  it("says nothing when nobody answers", async () => {
    assert.equal(await identifyServer(new ScriptedProbe({ answers: {} })), undefined);
  });

  it("takes somebody who answers nothing but the front page for an unknown server", async () => {
    const engine = await identifyServer(new ScriptedProbe({ answers: { "/": "hello" } }));
    assert.equal(engine, unknownEngine);
  });

  it("takes answers of any shape without an error", async () => {
    const shapes = [
      "",
      "null",
      "[]",
      "3",
      '"x"',
      "{}",
      '{"data":[null]}',
      '{"data":{}}',
      '{"models":[1]}',
      '{"error":1}',
    ];
    for (const status of [200, 401, 404, 503]) {
      for (const body of shapes) {
        const probe = new ScriptedProbe({ answers: {}, others: () => new Reply(status, body) });
        assert.equal(await identifyServer(probe), unknownEngine, `${status} ${body}`);
      }
    }
  });

  it("asks no path twice", async () => {
    for (const [title, [, script]] of Object.entries(SERVERS)) {
      const probe = new ScriptedProbe(script);
      await identifyServer(probe);
      assert.deepEqual(probe.asked, [...new Set(probe.asked)], title);
    }
  });

  it("never asks for a health check that makes SGLang generate", async () => {
    for (const name of ["SGLang", "SGLang of old"]) {
      const probe = new ScriptedProbe(SERVERS[name]![1]);
      const engine = await identifyServer(probe);
      await engine?.health(probe);
      assert.ok(!probe.asked.includes("/health"), `${name}: ${probe.asked.join(" ")}`);
    }
  });
});

describe("KNOWN_SERVERS", () => {
  it("names every usual port once, with all who use it", () => {
    assert.deepEqual(Object.fromEntries(KNOWN_SERVERS.map(({ port, engines }) => [port, [...engines].sort()])), {
      1234: ["lm-studio"],
      8000: ["omlx", "vllm", "vllm-mlx"],
      8080: ["llama-server", "mlx-lm", "mlx-vlm"],
      9931: ["llama-server"],
      11434: ["ollama"],
      30000: ["sglang"],
    });
    assert.equal(KNOWN_SERVERS.length, 6);
  });
});
