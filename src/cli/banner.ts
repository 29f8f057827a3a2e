import type { StepAside } from "../engines/engine.ts";
import type { Upstream } from "../gateway/upstream.ts";

/** What happens to a running answer, to follow "when a person comes,". */
export const STEP_ASIDE: Readonly<Record<StepAside, string>> = {
  resume: "a running answer can be continued after an interruption",
  restart: "a running answer can only be started over",
  finish: "a running stream is never interrupted",
};

/** What a gateway says when it is up: where it listens, what it found, what that can do, and what to try first. */
export function banner(urls: readonly string[], upstreams: readonly Upstream[], simulated: boolean): string {
  const [url] = urls;
  const lines = [`Headgate listens on ${urls.join(", ")}`, ""];
  if (upstreams.length === 0) {
    lines.push(
      "  No model server was found. Requests are answered 503 until one is there; Headgate keeps looking.",
      "  Start llama-server, Ollama, LM Studio, mlx_lm or vLLM, or name one: --upstream http://127.0.0.1:8080",
      "  To try Headgate without a model: --simulate",
    );
  }
  for (const upstream of upstreams) lines.push(...describe(upstream, simulated));
  const model = upstreams.flatMap(({ models }) => models ?? [])[0] ?? "MODEL";
  lines.push(
    "",
    "  A person's chat goes first under this base URL; everything else waits for it:",
    `    ${url}/foreground/v1    (OpenAI-style clients)`,
    `    ${url}/foreground       (Anthropic and Ollama clients)`,
    "",
    "  Try it:",
    `    curl ${url}/foreground/v1/chat/completions -H 'Content-Type: application/json' \\`,
    `      -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'`,
    "",
  );
  return lines.join("\n");
}

/** What a gateway says when a server turns up later. */
export function found(upstream: Upstream): string {
  return `Found a model server:\n${describe(upstream, false).join("\n")}\n`;
}

function describe(upstream: Upstream, simulated: boolean): string[] {
  const { engine, capacity, health, name, url } = upstream;
  if (!upstream.known) return [`  ${name}: nobody answers at ${url.origin} yet; Headgate keeps asking`];
  if (simulated) {
    return [
      "  SIMULATED: no model server was found, so answers are made up and say so.",
      "  Start a real one and Headgate will use it instead.",
    ];
  }
  const slots = capacity.slots === 1 ? "1 request at a time" : `${capacity.slots} requests at a time`;
  return [
    `  ${name}: ${engine.title} at ${url.origin}, ${health}`,
    `    ${slots} (${capacity.source})`,
    `    when a person comes, ${STEP_ASIDE[engine.stepAside]}`,
    ...engine.notes.map((note) => `    ${note}`),
  ];
}
