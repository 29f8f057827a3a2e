import type { StepAside } from "../engines/engine-words.ts";
import type { Upstream } from "../gateway/upstream.ts";

/** What happens to a running answer, to follow "when a person comes,". */
export const STEP_ASIDE: Readonly<Record<StepAside, string>> = {
  resume: "a running answer can be continued after an interruption",
  restart: "a running answer can only be started over",
  finish: "a running stream is never interrupted",
};

/** With --preempt. */
const STEPS_ASIDE: Readonly<Record<StepAside, string>> = {
  resume: "running background steps aside, and goes on later where it stopped",
  restart: "running background steps aside while its client has nothing of the answer, and begins anew later",
  finish: "a running stream finishes first; background that does not stream begins anew later",
};

/** Without it. */
const STAYS: Readonly<Record<StepAside, string>> = {
  resume: "a running answer finishes first; with --preempt it steps aside and goes on later where it stopped",
  restart: "a running answer finishes first; with --preempt it begins anew later, if its client has nothing of it yet",
  finish: "a running answer finishes first; with --preempt one that does not stream begins anew later",
};

/** What a gateway says when it is up: where it listens, what it found, what that can do, and what to try first. */
export function banner(
  urls: readonly string[],
  upstreams: readonly Upstream[],
  simulated: boolean,
  preempt: boolean,
): string {
  const [url] = urls;
  const lines = [`Headgate listens on ${urls.join(", ")}`, ""];
  if (upstreams.length === 0) {
    lines.push(
      "  No model server was found. Requests are answered 503 until one is there; Headgate keeps looking.",
      "  Start llama-server, Ollama, LM Studio, mlx_lm or vLLM, or name one: --upstream http://127.0.0.1:8080",
      "  To try Headgate without a model: --simulate",
    );
  }
  for (const upstream of upstreams) lines.push(...describe(upstream, simulated, preempt));
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
    `  Watch it: ${url}/headgate/`,
    "",
  );
  return lines.join("\n");
}

/** What a gateway says when a server turns up later. */
export function found(upstream: Upstream, preempt: boolean): string {
  return `Found a model server:\n${describe(upstream, false, preempt).join("\n")}\n`;
}

function describe(upstream: Upstream, simulated: boolean, preempt: boolean): string[] {
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
    `    when a person comes, ${(upstream.preempt ?? preempt) ? STEPS_ASIDE[engine.stepAside] : STAYS[engine.stepAside]}`,
    ...engine.notes.map((note) => `    ${note}`),
  ];
}
