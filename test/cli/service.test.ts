import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, test } from "node:test";
import { KeepAwake } from "../../src/cli/keep-awake.ts";
import { launchd } from "../../src/cli/service/launchd.ts";
import { stopSecondsFor, type ServiceSpec } from "../../src/cli/service/service-manager.ts";
import { systemd } from "../../src/cli/service/systemd.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { headgate, type Ended } from "./run-headgate.ts";

const SPEC: ServiceSpec = {
  node: "/opt/node 24/bin/node",
  program: "/opt/headgate/dist/cli/main.js",
  flags: ["--config", '/home/a/50% "of" $HOME\\it & <more>.yaml', "--preempt"],
  folder: "/home/a",
  stopSeconds: 45,
};
const HOME = { folder: "/home/a", config: undefined, userId: 501 };

/** Part of systemd; not everywhere. */
const ANALYZE = "systemd-analyze";

function canRun(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "headgate-service-"));

  /** A program that notes what it was called with, and says it is well. */
  fakeSystemctl(): string {
    const log = join(this.path, "calls");
    writeFileSync(join(this.path, "systemctl"), `#!/bin/sh\necho "$*" >> '${log}'\necho ActiveState=active\n`);
    chmodSync(join(this.path, "systemctl"), 0o755);
    return log;
  }

  run(...args: readonly string[]): Promise<Ended> {
    const environment = {
      HOME: this.path,
      XDG_CONFIG_HOME: join(this.path, "config"),
      PATH: [this.path, process.env["PATH"]].join(delimiter),
    };
    return headgate(["service", ...args], environment);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

describe("a systemd user unit", () => {
  test("names everything by absolute paths, drains within the limit, and does not try a wrong configuration again", () => {
    const unit = systemd(HOME);
    assert.equal(unit.file, "/home/a/.config/systemd/user/headgate.service");
    assert.equal(
      unit.text(SPEC),
      `[Unit]
Description=Headgate, a priority gate for model servers
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart="/opt/node 24/bin/node" "/opt/headgate/dist/cli/main.js" "serve" "--config" "/home/a/50%% \\"of\\" $$HOME\\\\it & <more>.yaml" "--preempt"
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=/home/a
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=78 64
KillMode=mixed
TimeoutStopSec=45

[Install]
WantedBy=default.target
`,
    );
  });

  test("lies where XDG_CONFIG_HOME says", () => {
    assert.equal(systemd({ ...HOME, config: "/x" }).file, "/x/systemd/user/headgate.service");
  });

  const skip = canRun(ANALYZE, "--version") ? false : "there is no systemd-analyze";
  test("is a unit in the eyes of systemd", { skip }, () => {
    using folder = new Folder();
    const file = join(folder.path, "headgate.service");
    const spec = { ...SPEC, node: process.execPath, program: process.execPath, folder: folder.path };
    writeFileSync(file, systemd(HOME).text(spec));
    const { status, stderr } = spawnSync(ANALYZE, ["--user", "verify", file], {
      encoding: "utf8",
      env: { ...process.env, XDG_RUNTIME_DIR: folder.path },
    });
    assert.doesNotMatch(stderr, /headgate\.service:\d+|Unknown|Invalid|not executable/, stderr);
    assert.equal(status, 0, stderr);
  });
});

describe("a launchd agent", () => {
  const skip = canRun("python3", "--version") ? false : "there is no python3 to read a property list with";
  test("starts with the log-in, again after a failure, and has its time to drain", { skip }, () => {
    const agent = launchd(HOME);
    assert.equal(agent.file, "/home/a/Library/LaunchAgents/dev.headgate.gateway.plist");
    const read = "import json, plistlib, sys; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)";
    const plist: unknown = JSON.parse(
      execFileSync("python3", ["-c", read], { input: agent.text(SPEC), encoding: "utf8" }),
    );
    assert.deepEqual(plist, {
      Label: "dev.headgate.gateway",
      ProgramArguments: [SPEC.node, SPEC.program, "serve", "--launchd", ...SPEC.flags],
      WorkingDirectory: "/home/a",
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ThrottleInterval: 10,
      ExitTimeOut: 45,
      ProcessType: "Interactive",
      StandardOutPath: "/home/a/Library/Logs/headgate.log",
      StandardErrorPath: "/home/a/Library/Logs/headgate.log",
    });
    assert.deepEqual(agent.install.at(-1)?.command, ["/bin/launchctl", "bootstrap", "gui/501", agent.file]);
  });

  test("under launchd a wrong configuration ends with 0, so that it is not started again and again; else with 78", async () => {
    using folder = new Folder();
    const config = join(folder.path, "headgate.yaml");
    writeFileSync(config, "queue: nonsense\n");
    const plain = await headgate(["serve", "--config", config]);
    assert.equal(plain.exitCode, 78);
    const { exitCode, stderr } = await headgate(["serve", "--launchd", "--config", config]);
    assert.equal(exitCode, 0);
    assert.match(stderr, /the configuration cannot be used/);
    assert.match(stderr, /not started again by itself/);
  });
});

test("the service manager waits longer than a shutdown may take", () => {
  assert.equal(stopSecondsFor(30_000), 45);
  assert.ok(stopSecondsFor(90_500) > 90.5);
});

describe(
  "headgate service",
  { skip: process.platform === "linux" ? false : "tested with the commands of Linux" },
  () => {
    test("install writes the unit and has it started, status tells, uninstall stops and removes it", async () => {
      using folder = new Folder();
      const log = folder.fakeSystemctl();
      const config = join(folder.path, "my.yaml");
      writeFileSync(config, "limits:\n  shutdownMs: 100000\n");
      const file = join(folder.path, "config/systemd/user/headgate.service");
      assert.equal((await folder.run("status")).exitCode, 3);
      const installed = await folder.run("install", "--", "--preempt", "--config", config);
      assert.equal(installed.exitCode, 0, installed.stderr);
      const unit = readFileSync(file, "utf8");
      assert.match(unit, /^TimeoutStopSec=115$/m);
      assert.ok(unit.includes(`main.ts" "serve" "--config" "${config}" "--preempt"\n`), unit);
      assert.ok(unit.includes(`ExecStart="${process.execPath}"`));
      const status = await folder.run("status");
      assert.equal(status.exitCode, 0);
      assert.match(status.stdout, /^Running: .*headgate\.service$/m);
      assert.equal((await folder.run("uninstall")).exitCode, 0);
      assert.equal(existsSync(file), false);
      assert.deepEqual(readFileSync(log, "utf8").trim().split("\n"), [
        "--user daemon-reload",
        "--user enable headgate.service",
        "--user restart headgate.service",
        "--user show headgate.service --property=ActiveState,SubState,MainPID,ExecMainStatus,Result",
        "--user disable --now headgate.service",
        "--user daemon-reload",
      ]);
    });

    test("--print shows the file and changes nothing", async () => {
      using folder = new Folder();
      const log = folder.fakeSystemctl();
      const { exitCode, stdout } = await folder.run("install", "--print");
      assert.equal(exitCode, 0);
      assert.match(stdout, /^\[Unit\]$/m);
      assert.equal(existsSync(join(folder.path, "config")), false);
      assert.equal(existsSync(log), false);
    });

    test("flags or a configuration that are wrong install nothing", async () => {
      using folder = new Folder();
      const log = folder.fakeSystemctl();
      const flag = await folder.run("install", "--", "--prempt");
      assert.equal(flag.exitCode, 64);
      assert.match(flag.stderr, /does not know --prempt/);
      const config = await folder.run("install", "--", "--key", "team=$NOT_THERE");
      assert.equal(config.exitCode, 78);
      assert.match(config.stderr, /NOT_THERE/);
      assert.equal(existsSync(log), false);
    });
  },
);

describe("--keep-awake", () => {
  test("keeps the machine awake from when there is work until there is none, and ends with the gateway", () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    let busy = false;
    const begin = (): { release(): void } => {
      calls.push("awake");
      return { release: () => void calls.push("let go") };
    };
    const awake = new KeepAwake(() => busy, begin, clock);
    assert.deepEqual(calls, []);
    busy = true;
    clock.advance(10_000);
    clock.advance(10_000);
    assert.deepEqual(calls, ["awake"]);
    busy = false;
    clock.advance(10_000);
    assert.deepEqual(calls, ["awake", "let go"]);
    busy = true;
    clock.advance(10_000);
    awake.close();
    clock.advance(60_000);
    assert.deepEqual(calls, ["awake", "let go", "awake", "let go"]);
  });
});
