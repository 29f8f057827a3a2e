import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { watchStatus, type Screen } from "../../src/cli/watch-status.ts";
import { duration, printable, table } from "../../src/cli/table.ts";
import type { Status } from "../../src/gateway/control/status-view.ts";
import { ADMIN, KEYS, Scene } from "../gateway/control-scene.ts";
import { startGateway } from "../support/gateway.ts";
import { onFreePort } from "./free-port.ts";
import { Headgate, headgate } from "./run-headgate.ts";

describe("headgate status", () => {
  test("shows the servers, the gates, and who runs and waits, the next first", async () => {
    await using scene = await Scene.begin({ server: { engine: "llama-server" }, upstream: { name: "mac" } });
    await scene.run();
    await scene.wait();
    await scene.wait("/foreground/v1/chat/completions");
    const { exitCode, stdout, stderr } = await headgate(["status", "--gateway", scene.it.url]);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
    assert.match(stdout, /^Headgate at http:\S+ is open$/m);
    assert.match(stdout, /^mac +llama.cpp llama-server +ready +1 \(\/props total_slots\) +local$/m);
    assert.match(stdout, /^Gate local is open: 1 of 1 permit held, 2 waiting$/m);
    const rows = stdout.split("\n").filter((line) => line.includes("req_"));
    assert.match(rows[0]!, /running +background/);
    assert.match(rows[1]!, /^1 +waiting +foreground/);
    assert.match(rows[2]!, /^2 +waiting +background/);
  });

  test("--json prints what GET /headgate/status answers", async () => {
    await using it = await startGateway();
    const { stdout } = await headgate(["status", "--json"], { HEADGATE_URL: it.url });
    assert.equal((JSON.parse(stdout) as Status).instance, it.gateway.instance);
  });

  test("ends with 69 and says what to do when nothing answers, or something that is no Headgate", async () => {
    const url = await onFreePort();
    for (const flags of [[], ["--watch"]]) {
      const { exitCode, stdout, stderr } = await headgate(["status", "--gateway", url, ...flags]);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 69, stdout: "" });
      assert.match(stderr, /nothing answers at .*headgate serve/);
    }
    await using it = await startGateway();
    const other = await headgate(["status", "--gateway", it.server.url]);
    assert.equal(other.exitCode, 69);
    assert.match(other.stderr, /is no Headgate/);
  });

  test("ends with 77 when a key is needed, takes it from --key or the environment, and never shows it", async () => {
    await using it = await startGateway({ config: KEYS });
    const without = await headgate(["status", "--gateway", it.url]);
    assert.equal(without.exitCode, 77);
    assert.match(without.stderr, /--key/);
    const key = ADMIN.authorization.replace("Bearer ", "");
    const flag = await headgate(["status", "--gateway", it.url, "--key", key]);
    const variable = await headgate(["status", "--gateway", it.url], { HEADGATE_API_KEY: key });
    for (const { exitCode, stdout } of [flag, variable]) {
      assert.equal(exitCode, 0);
      assert.doesNotMatch(stdout, /admin-secret/);
    }
  });

  test("an address that is none ends with 64", async () => {
    const { exitCode, stderr } = await headgate(["status", "--gateway", "localhost"]);
    assert.equal(exitCode, 64);
    assert.match(stderr, /http:\/\/127.0.0.1:11400/);
  });
});

describe("headgate status --watch", () => {
  test("off a terminal prints a line for each change, and ends with 0 when interrupted", async () => {
    await using scene = await Scene.begin();
    const watching = new Headgate(["status", "--watch", "--gateway", scene.it.url]);
    await watching.says(/Gate local is open: 0 of 1/);
    await scene.run();
    await watching.says(/req_\w+ running background local small/);
    await scene.wait();
    await watching.says(/req_\w+ waiting background local small/);
    await scene.finish();
    await watching.says(/req_\w+ gone background local small/);
    const ended = watching.ended();
    watching.process.kill("SIGINT");
    assert.equal((await ended).exitCode, 0);
  });

  test("on a terminal draws one picture that fits, over and over", async () => {
    await using scene = await Scene.begin();
    await scene.run();
    for (let i = 0; i < 10; i++) await scene.wait();
    const controller = new AbortController();
    const pictures: string[] = [];
    const screen: Screen = {
      isTTY: true,
      columns: 70,
      rows: 16,
      write: (text) => {
        pictures.push(text);
        if (pictures.length === 2) controller.abort();
      },
    };
    await watchStatus({ gateway: scene.it.url }, screen, controller.signal);
    for (const picture of pictures) {
      assert.ok(picture.startsWith("\u001B[H\u001B[J"));
      const lines = picture.slice("\u001B[H\u001B[J".length).trimEnd().split("\n");
      assert.ok(lines.length < 16, `${lines.length} lines`);
      assert.ok(lines.every((line) => line.length <= 70));
      assert.match(picture, /and \d+ more/);
    }
  });
});

describe("tables", () => {
  test("text of a client cannot command the terminal", () => {
    assert.equal(printable("a\u001B[2Jb\nc\u202Ed"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
    assert.deepEqual(table([{ heading: "A" }], [["\u0007"]]), ["A", "\u{fffd}"]);
  });

  test("columns are as wide as their widest text, and numbers stand under each other", () => {
    const columns = [{ heading: "N", right: true }, { heading: "NAME" }];
    assert.deepEqual(
      table(columns, [
        ["10", "ten"],
        ["2", "two"],
      ]),
      [" N  NAME", "10  ten", " 2  two"],
    );
  });

  test("durations are said as people say them", () => {
    const said = [0, 999.4, 1_000, 99_949, 250_000, 11_100_000].map(duration);
    assert.deepEqual(said, ["0 ms", "999 ms", "1.0 s", "99.9 s", "4 min 10 s", "3 h 5 min"]);
  });
});
