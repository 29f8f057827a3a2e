/**
 * `headgate/gateway`: the gateway as a part of a program. `headgate serve` is made of it.
 *
 * @module
 */
export { Gateway, type GatewayOptions } from "./gateway.ts";
export { ConfigError, type ConfigProblem } from "./config/config-error.ts";
export { loadConfig, parseConfig, type LoadedConfig, type LoadOptions } from "./config/load-config.ts";
export type { GatewayConfig } from "./config/types.ts";
