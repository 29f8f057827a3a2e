import { Child } from "./child-process.ts";
import type { Contender, Running } from "./contender.ts";
import type { HeadgateQuestions } from "./servers/headgate.ts";
import type { StartOptions } from "./servers/child-server.ts";
import { haproxyConfiguration } from "./servers/haproxy.ts";
import { findProgram, startInstalled } from "./servers/installed.ts";
import { nginxConfiguration } from "./servers/nginx.ts";

const direct: Contender = {
  id: "direct",
  role: "direct",
  priorities: false,
  missing: () => undefined,
  start: async ({ upstreamPort }) => ({ port: upstreamPort, pid: undefined, close: async () => {} }),
};

const bare: Contender = {
  id: "bare Node proxy",
  role: "bare",
  priorities: false,
  missing: () => undefined,
  start: async (options) => {
    const child = await Child.start("bare", options);
    return { port: child.port, pid: child.pid, close: () => child.close() };
  },
};

const nginx: Contender = {
  id: "nginx",
  role: "peer",
  priorities: false,
  missing: () => missing("nginx"),
  start: (options) =>
    startInstalled({
      program: "nginx",
      args: (file) => ["-e", "stderr", "-c", file],
      configuration: (port, folder) => nginxConfiguration(port, options, folder),
    }),
};

const haproxy: Contender = {
  id: "HAProxy",
  role: "peer",
  priorities: true,
  missing: () => missing("haproxy"),
  start: (options) =>
    startInstalled({
      program: "haproxy",
      args: (file) => ["-db", "-f", file],
      configuration: (port) => haproxyConfiguration(port, options),
    }),
};

const headgate: Contender = {
  id: "Headgate",
  role: "ours",
  priorities: true,
  missing: () => undefined,
  start: startHeadgate,
};

export const contenders: readonly Contender[] = [direct, bare, nginx, haproxy, headgate];

/** Where its memory can be asked for. */
export async function startHeadgate(
  options: StartOptions,
): Promise<Running & { readonly child: Child<HeadgateQuestions> }> {
  const child = await Child.start<HeadgateQuestions>("headgate", options);
  return { port: child.port, pid: child.pid, child, close: () => child.close() };
}

function missing(program: string): string | undefined {
  return findProgram(program) === undefined ? `${program} is not installed here` : undefined;
}
