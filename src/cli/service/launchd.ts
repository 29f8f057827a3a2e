import { join } from "node:path";
import type { Home, ServiceManager, ServiceSpec } from "./service-manager.ts";

const LABEL = "dev.headgate.gateway";
const LAUNCHCTL = "/bin/launchctl";

/** A user's own agent of macOS. */
export function launchd({ folder, userId }: Home): ServiceManager {
  const domain = `gui/${userId}`;
  const service = `${domain}/${LABEL}`;
  const file = join(folder, "Library/LaunchAgents", `${LABEL}.plist`);
  const log = join(folder, "Library/Logs/headgate.log");
  return {
    title: "launchd agent",
    file,
    text: (spec) => plistText(spec, log),
    install: [
      // An agent that is loaded keeps its old file.
      { command: [LAUNCHCTL, "bootout", service], mayFail: true },
      { command: [LAUNCHCTL, "enable", service] },
      { command: [LAUNCHCTL, "bootstrap", domain, file] },
    ],
    stop: [{ command: [LAUNCHCTL, "bootout", service], mayFail: true }],
    forget: [],
    status: [LAUNCHCTL, "print", service],
    isRunning: (status) => /^\s*state = running$/m.test(status),
    hints: [
      `its log:             tail -f ${log}`,
      `read the config:     ${LAUNCHCTL} kill HUP ${service}`,
      `start it again:      ${LAUNCHCTL} kickstart -k ${service}`,
    ],
  };
}

/**
 * Kept alive unless it ends well. launchd cannot tell exit codes apart, so `--launchd` has the gateway end with 0 where a new start would
 * not help. SIGKILL comes only after `ExitTimeOut`. `Interactive`: no throttling of what people wait for.
 */
function plistText({ node, program, flags, folder, stopSeconds }: ServiceSpec, log: string): string {
  const words = [node, program, "serve", "--launchd", ...flags].map((word) => `\t\t<string>${escaped(word)}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>Label</key>
\t<string>${LABEL}</string>
\t<key>ProgramArguments</key>
\t<array>
${words.join("\n")}
\t</array>
\t<key>WorkingDirectory</key>
\t<string>${escaped(folder)}</string>
\t<key>RunAtLoad</key>
\t<true/>
\t<key>KeepAlive</key>
\t<dict>
\t\t<key>SuccessfulExit</key>
\t\t<false/>
\t</dict>
\t<key>ThrottleInterval</key>
\t<integer>10</integer>
\t<key>ExitTimeOut</key>
\t<integer>${stopSeconds}</integer>
\t<key>ProcessType</key>
\t<string>Interactive</string>
\t<key>StandardOutPath</key>
\t<string>${escaped(log)}</string>
\t<key>StandardErrorPath</key>
\t<string>${escaped(log)}</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
