import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connectGate } from "../../src/client/remote-gate.ts";
import { runCommand } from "../../src/cli/run.ts";
import { jobEnvironment } from "../../src/cli/job-environment.ts";
import { startGateway, type GatewayUnderTest } from "../support/gateway.ts";
import { localServer } from "../support/local-server.ts";
import { headgate, Headgate } from "./run-headgate.ts";

const SDK_JOB = join(import.meta.dirname, "sdk-job.ts");

/** `headgate run` at that gateway, of a little program in JavaScript. */
function job(gateway: Pick<GatewayUnderTest, "url">, code: string, ...flags: string[]): Headgate {
  return new Headgate(["run", "--gateway", gateway.url, ...flags, "--", process.execPath, "-e", code]);
}

const SAYS_AND_WAITS = `process.stdout.write("runs " + process.env.HEADGATE_PERMIT + "\\n"); setInterval(() => {}, 1000);`;

/** Releases the permit of such a job, as an operator would. */
async function release(gateway: GatewayUnderTest, { stdout }: Headgate): Promise<void> {
  const id = stdout.trim().split(" ")[1];
  const response = await fetch(`${gateway.url}/headgate/permits/${id}`, { method: "DELETE" });
  assert.equal(response.status, 200);
}

describe("headgate run", () => {
  test("runs a command under a permit with its arguments as they are, and exits as it does", async () => {
    await using gateway = await startGateway();
    const code = `console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 7;`;
    const args = ["run", "--gateway", gateway.url, "--priority", "foreground", "--label", "job", "--"];
    const ended = await headgate([...args, process.execPath, "-e", code, "--", "-x", "a b", "$HOME", "*"]);
    assert.deepEqual(ended, { exitCode: 7, stdout: '["-x","a b","$HOME","*"]\n', stderr: "" });
    await gateway.over(1);
    const [record] = gateway.ended;
    assert.deepEqual([record?.priority, record?.outcome], [0, "finished"]);
  });

  test("holds the permit exactly as long as the command runs, and names it in the status", async () => {
    await using gateway = await startGateway();
    const running = job(gateway, SAYS_AND_WAITS);
    await running.says(/runs/);
    assert.match(gateway.gate.snapshot().holders[0]?.label ?? "", /node -e process\.stdout/);
    const ended = running.ended();
    running.process.kill("SIGTERM");
    assert.equal((await ended).exitCode, 128 + 15);
    await gateway.until(() => gateway.gate.held === 0);
  });

  test("waits in the line of everybody, says so on standard error, and --quiet does not", async () => {
    await using gateway = await startGateway();
    for (const [flags, words] of [
      [[], "headgate: waiting for a permit (position 1)\n"],
      [["--quiet"], ""],
    ] as const) {
      const permit = await connectGate(gateway.url).acquire();
      const waiting = job(gateway, `console.log("done")`, ...flags);
      await gateway.waiting(1);
      const ended = waiting.ended();
      permit.release();
      assert.deepEqual(await ended, { exitCode: 0, stdout: "done\n", stderr: words });
    }
  });

  test("a signal while it waits cancels and exits with 128 and its number; the command never runs", async () => {
    await using gateway = await startGateway();
    const permit = await connectGate(gateway.url).acquire();
    for (const [signal, exitCode] of [
      ["SIGINT", 130],
      ["SIGHUP", 129],
    ] as const) {
      const waiting = job(gateway, `console.log("ran")`, "--quiet");
      await gateway.waiting(1);
      const ended = waiting.ended();
      waiting.process.kill(signal);
      assert.deepEqual(await ended, { exitCode, stdout: "", stderr: "" });
      await gateway.waiting(0);
    }
    permit.release();
  });

  test("a signal while the command runs goes to the command, whose own answer to it counts", async () => {
    await using gateway = await startGateway();
    for (const signal of ["SIGINT", "SIGUSR2"] as const) {
      const code = `process.on("${signal}", () => { console.log("heard"); process.exit(3); }); ${SAYS_AND_WAITS}`;
      const running = job(gateway, code);
      await running.says(/runs/);
      const ended = running.ended();
      running.process.kill(signal);
      const { exitCode, stdout } = await ended;
      assert.equal(exitCode, 3);
      assert.match(stdout, /\nheard\n$/);
    }
  });

  test("killed without a chance to say anything, it has released", async () => {
    await using gateway = await startGateway();
    const code = `process.stdout.write("runs\\n"); process.stdin.resume(); setTimeout(() => {}, 2000);`;
    const running = job(gateway, code);
    await running.says(/runs/);
    running.process.kill("SIGKILL");
    await gateway.until(() => gateway.gate.held === 0);
    await once(running.process, "close");
  });

  test("a command that is not there exits with 127, one that cannot be run with 126, and the permit is back", async () => {
    await using gateway = await startGateway();
    const run = (command: string): Promise<{ exitCode: number | null; stderr: string }> =>
      headgate(["run", "--gateway", gateway.url, "--", command]);
    const missing = await run("headgate-no-such-command");
    assert.equal(missing.exitCode, 127);
    assert.match(missing.stderr, /headgate-no-such-command: command not found/);
    const unusable = await run(import.meta.filename);
    assert.equal(unusable.exitCode, 126);
    await gateway.over(2);
  });
});

describe("headgate run without a permit", () => {
  test("no gateway at that address: exits with 69 and says what to do", async () => {
    const server = await localServer(() => {});
    await server[Symbol.asyncDispose]();
    const { exitCode, stdout, stderr } = await job(server, `console.log("ran")`).ended();
    assert.deepEqual([exitCode, stdout], [69, ""]);
    assert.match(stderr, /^headgate: no gateway answers at .*headgate serve/);
  });

  test("--timeout: exits with 69 once it has waited that long", async () => {
    await using gateway = await startGateway();
    const permit = await connectGate(gateway.url).acquire();
    const { exitCode, stderr } = await job(gateway, "", "--timeout", "0.05", "--quiet").ended();
    assert.equal(exitCode, 69);
    assert.match(stderr, /evicted after \d+ ms.*1 of 1 permits held/);
    permit.release();
  });

  test("a key that is missing exits with 77 and says which option; the right one is taken from the environment", async () => {
    const keys = [{ name: "job", key: "job-key-123" }];
    await using gateway = await startGateway({ config: { keys } });
    const command = ["run", "--gateway", gateway.url, "--", process.execPath, "-p", "process.env.OPENAI_API_KEY"];
    const refused = await headgate(command);
    assert.equal(refused.exitCode, 77);
    assert.match(refused.stderr, /HEADGATE_API_KEY/);
    const ended = await headgate(command, { HEADGATE_API_KEY: "job-key-123" });
    assert.deepEqual(ended, { exitCode: 0, stdout: "job-key-123\n", stderr: "" });
  });

  test("an option that cannot be read is named, and nothing runs", async () => {
    for (const [args, words] of [
      [["--priority", "urgent", "--", "true"], /--priority.*urgent.*foreground, background or a number/],
      [["--timeout", "soon", "--", "true"], /--timeout.*soon.*seconds/],
      [["--gateway", "here", "--", "true"], /--gateway.*here/],
      [["--no-such-option", "--", "true"], /--no-such-option/],
      [[], /command/],
    ] as const) {
      const command = runCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => {} });
      await assert.rejects(command.parseAsync(args, { from: "user" }), { name: "CommanderError", message: words });
    }
    assert.equal((await headgate(["run", "--timeout", "soon", "--", "true"])).exitCode, 64);
  });
});

describe("headgate run whose permit is lost", () => {
  test("warns and lets the command finish", async () => {
    await using gateway = await startGateway();
    const running = job(gateway, `process.on("SIGTERM", () => process.exit(5)); ${SAYS_AND_WAITS}`);
    await running.says(/runs/);
    const ended = running.ended();
    await release(gateway, running);
    await gateway.until(() => gateway.gate.held === 0);
    running.process.kill("SIGTERM");
    const { exitCode, stderr } = await ended;
    assert.equal(exitCode, 5);
    assert.match(stderr, /released at the gateway; the command goes on/);
  });

  test("--kill-on-loss ends the command", async () => {
    await using gateway = await startGateway();
    const running = job(gateway, SAYS_AND_WAITS, "--kill-on-loss");
    await running.says(/runs/);
    const ended = running.ended();
    await release(gateway, running);
    const { exitCode, stderr } = await ended;
    assert.equal(exitCode, 143);
    assert.match(stderr, /ending the command/);
  });
});

describe("a job under headgate run", () => {
  test("its stock clients of OpenAI, Anthropic and Ollama use its own permit, so it does not wait for itself", async () => {
    for (const engine of ["llama-server", "ollama"] as const) {
      await using gateway = await startGateway({ server: { engine } });
      const model = gateway.server.model;
      const ended = await headgate(["run", "--gateway", gateway.url, "--", process.execPath, SDK_JOB, engine, model]);
      assert.deepEqual([ended.exitCode, ended.stderr], [0, ""]);
      const answers = JSON.parse(ended.stdout) as Record<string, string>;
      assert.deepEqual(Object.keys(answers), engine === "ollama" ? ["openai", "ollama"] : ["openai", "anthropic"]);
      for (const [client, text] of Object.entries(answers)) assert.ok(text.length > 0, `${client} got no text`);
      assert.equal(gateway.server.maxLive, 1);
    }
  });

  test("another headgate run inside of it runs at once, under the same permit, as long as that is held", async () => {
    await using gateway = await startGateway();
    const inner = `require("node:child_process").spawnSync(process.execPath, [${JSON.stringify(
      join(import.meta.dirname, "../../src/cli/main.ts"),
    )}, "run", "--", process.execPath, "-p", "process.env.HEADGATE_PERMIT"], { stdio: "inherit" })`;
    const { exitCode, stdout } = await job(gateway, `console.log(process.env.HEADGATE_PERMIT); ${inner}`).ended();
    assert.equal(exitCode, 0);
    const [outer, same] = stdout.trim().split("\n");
    assert.match(outer ?? "", /^permit_/);
    assert.equal(same, outer);
    await gateway.over(1);
    const later = await headgate(["run", "--", process.execPath, "-p", "process.env.HEADGATE_PERMIT"], {
      HEADGATE_URL: gateway.url,
      HEADGATE_PERMIT: outer!,
    });
    assert.match(later.stdout, /^permit_/);
    assert.notEqual(later.stdout.trim(), outer);
  });

  test("keys that it has stay where the gateway has none, and are replaced where it has", () => {
    const access = {
      gateway: "http://gate",
      key: undefined,
      permitId: "permit_1",
      baseURL: "http://gate/permit/permit_1",
    };
    const theirs = { PATH: "/bin", OPENAI_API_KEY: "theirs", ANTHROPIC_AUTH_TOKEN: "token" };
    assert.deepEqual(jobEnvironment(theirs, access), {
      ...theirs,
      OPENAI_BASE_URL: "http://gate/permit/permit_1/v1",
      OPENAI_API_BASE: "http://gate/permit/permit_1/v1",
      ANTHROPIC_BASE_URL: "http://gate/permit/permit_1",
      ANTHROPIC_API_KEY: "headgate",
      OLLAMA_HOST: "http://gate/permit/permit_1",
      HEADGATE_URL: "http://gate",
      HEADGATE_PERMIT: "permit_1",
    });
    const replaced = jobEnvironment(theirs, { ...access, key: "ours" });
    for (const name of ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY", "HEADGATE_API_KEY"]) {
      assert.equal(replaced[name], "ours");
    }
    assert.equal(replaced["ANTHROPIC_AUTH_TOKEN"], undefined);
  });
});
