import type { ConfigPath } from "./config-path.ts";

/** A command-line option that is part of the configuration. */
export interface Flag {
  /** The name under which commander returns it. */
  readonly name: string;
  /** As commander declares it and as help shows it. */
  readonly usage: string;
  readonly path: ConfigPath;
  readonly help: string;
}

/** May be given several times, once for each item of its list. */
const REPEATABLE = new Set(["listen", "upstream", "key", "allowHost", "allowOrigin", "set"]);

/** The flags. Those whose path is empty are not for one option alone. */
export const FLAGS: readonly Flag[] = [
  {
    name: "config",
    usage: "--config <file>",
    path: [],
    help: "configuration file (default: headgate.yaml here, else ~/.config/headgate/config.yaml)",
  },
  {
    name: "host",
    usage: "--host <address>",
    path: ["listen", 0, "host"],
    help: "address to listen on; anything but loopback needs keys",
  },
  { name: "port", usage: "--port <port>", path: ["listen", 0, "port"], help: "port to listen on; 0 takes a free one" },
  {
    name: "listen",
    usage: "--listen <host:port[=priority]>",
    path: ["listen"],
    help: "listen here, and give what comes in here this priority",
  },
  {
    name: "upstream",
    usage: "--upstream <[name=]url>",
    path: ["upstreams"],
    help: "model server (default: those of this machine are found)",
  },
  { name: "capacity", usage: "--capacity <count>", path: [], help: "requests that each --upstream works on at once" },
  {
    name: "discover",
    usage: "--discover",
    path: ["discover"],
    help: "look for local model servers besides those named",
  },
  {
    name: "simulate",
    usage: "--simulate",
    path: ["simulate"],
    help: "answer with a simulated model while no server is found",
  },
  {
    name: "defaultPriority",
    usage: "--default-priority <priority>",
    path: ["defaultPriority"],
    help: "foreground, background or a number; smaller is sooner",
  },
  {
    name: "key",
    usage: "--key <name=key>",
    path: ["keys"],
    help: "who may call; key as $VARIABLE or file:PATH, so that it is not in the list of processes",
  },
  { name: "allowHost", usage: "--allow-host <name>", path: ["allowedHosts"], help: "accept this Host header too" },
  {
    name: "allowOrigin",
    usage: "--allow-origin <origin>",
    path: ["allowedOrigins"],
    help: "let web pages of this origin call",
  },
  {
    name: "maxWaiting",
    usage: "--max-waiting <count>",
    path: ["queue", "maxWaiting"],
    help: "requests that may wait at one gate",
  },
  {
    name: "preempt",
    usage: "--preempt",
    path: ["preempt", "enabled"],
    help: "let running background step aside for a person and continue later",
  },
  {
    name: "data",
    usage: "--data <folder>",
    path: ["data"],
    help: "where files and batches are kept (default: the platform's usual place)",
  },
  {
    name: "logLevel",
    usage: "--log-level <level>",
    path: ["log", "level"],
    help: "debug, info, warn, error or silent",
  },
  {
    name: "logForm",
    usage: "--log-form <form>",
    path: ["log", "form"],
    help: "json, text, or auto: text on a terminal",
  },
  {
    name: "set",
    usage: "--set <option=value>",
    path: [],
    help: "any option of the configuration, such as queue.agingMs=60000",
  },
];

/** Whether a flag may be given several times. */
export function isRepeatable({ name }: Flag): boolean {
  return REPEATABLE.has(name);
}
