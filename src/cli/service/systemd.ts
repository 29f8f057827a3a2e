import { join } from "node:path";
import { EX_CONFIG, EX_USAGE } from "../exit-codes.ts";
import type { Home, ServiceManager, ServiceSpec } from "./service-manager.ts";

const NAME = "headgate.service";

/** A user's own systemd, as on most Linux desktops and servers. */
export function systemd({ folder, config = join(folder, ".config") }: Home): ServiceManager {
  return {
    title: "systemd user unit",
    file: join(config, "systemd/user", NAME),
    text: unitText,
    install: [
      { command: ["systemctl", "--user", "daemon-reload"] },
      { command: ["systemctl", "--user", "enable", NAME] },
      { command: ["systemctl", "--user", "restart", NAME] },
    ],
    stop: [{ command: ["systemctl", "--user", "disable", "--now", NAME], mayFail: true }],
    forget: [{ command: ["systemctl", "--user", "daemon-reload"], mayFail: true }],
    status: ["systemctl", "--user", "show", NAME, "--property=ActiveState,SubState,MainPID,ExecMainStatus,Result"],
    isRunning: (status) => /^ActiveState=active$/m.test(status),
    hints: [
      "its log:             journalctl --user -u headgate -f",
      "read the config:     systemctl --user reload headgate",
      "without a log-in:    loginctl enable-linger",
    ],
  };
}

/**
 * SIGTERM goes to the gateway, which lets running requests end; only what is left after the limit is killed. A configuration that is
 * wrong is not tried again and again: it would not become right.
 */
function unitText({ node, program, flags, folder, stopSeconds }: ServiceSpec): string {
  return `[Unit]
Description=Headgate, a priority gate for model servers
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${[node, program, "serve", ...flags].map(quoted).join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=${folder.replaceAll("%", "%%")}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=${EX_CONFIG} ${EX_USAGE}
KillMode=mixed
TimeoutStopSec=${stopSeconds}

[Install]
WantedBy=default.target
`;
}

/** One argument of a command line: systemd knows specifiers (%), variables ($) and C's escapes inside quotes. */
function quoted(argument: string): string {
  const escaped = argument
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return `"${escaped}"`;
}
