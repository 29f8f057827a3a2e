import type { StartOptions } from "./child-server.ts";

/**
 * HAProxy as one thread, like the others, and as the off-the-shelf priority gate: `maxconn` bounds what goes to the model server,
 * and who waits is ordered by priority class, the smaller the sooner.
 */
export function haproxyConfiguration(port: number, { capacity, upstreamPort }: StartOptions): string {
  return `
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option http-no-delay
  http-reuse always
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  timeout queue 1h
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  http-request set-priority-class int(0) if { req.hdr(x-headgate-priority) foreground }
  http-request set-priority-class int(100) if { req.hdr(x-headgate-priority) background }
  default_backend model
backend model
  server model 127.0.0.1:${upstreamPort} maxconn ${capacity} pool-max-conn -1
`;
}
