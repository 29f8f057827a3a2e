/** Where a job's requests go, and what they show there. */
export interface JobAccess {
  /** The gateway's address. */
  readonly gateway: string;
  readonly key: string | undefined;
  readonly permitId: string;
  /** The address under which requests ride on the permit. */
  readonly baseURL: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What clients refuse to start without; a gateway that has no keys takes anything. */
const ANY_KEY = "headgate";

/**
 * The environment of a job that holds a permit: the variables that model clients read, so that its requests ride on that permit
 * instead of waiting behind it.
 *
 * - The SDKs of OpenAI and Anthropic read theirs; `OPENAI_API_BASE` is for those from before 2023.
 * - `OLLAMA_HOST` with a path is understood by the Ollama command and its Python package since 2024. Its JavaScript package
 *   reads no variable: there it is `new Ollama({ host: process.env.OLLAMA_HOST })`.
 * - `HEADGATE_PERMIT` is for everything else: send it as `X-Headgate-Permit`.
 *
 * Where the gateway has keys, the job's clients show ours; other keys it has would be refused. Where it has none they stay.
 */
export function jobEnvironment(environment: Environment, access: JobAccess): Environment {
  const { gateway, key, permitId, baseURL } = access;
  const shown = key ?? ANY_KEY;
  const replaced = key !== undefined;
  const keyFor = (name: string): string => (replaced ? shown : environment[name] || shown);
  return {
    ...environment,
    OPENAI_BASE_URL: `${baseURL}/v1`,
    OPENAI_API_BASE: `${baseURL}/v1`,
    OPENAI_API_KEY: keyFor("OPENAI_API_KEY"),
    ANTHROPIC_BASE_URL: baseURL,
    ANTHROPIC_API_KEY: keyFor("ANTHROPIC_API_KEY"),
    OLLAMA_HOST: baseURL,
    HEADGATE_URL: gateway,
    HEADGATE_PERMIT: permitId,
    // Sent as a bearer token, which would count before the key.
    ...(replaced && { OLLAMA_API_KEY: key, HEADGATE_API_KEY: key, ANTHROPIC_AUTH_TOKEN: undefined }),
  };
}
