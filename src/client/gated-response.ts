type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What `new Response` cannot be given, or would refuse (a status beyond 599). */
const HEAD = ["status", "statusText", "ok", "url", "redirected", "type"] as const;

/**
 * `original` with another body. It is a real `Response`; its head reads as the original's does, also on its clones, whose
 * bodies are branches of `body`.
 */
export function withBody(original: Response, body: Body): Response {
  return withHead(new Response(body, { headers: original.headers }), original);
}

function withHead(response: Response, head: Response): Response {
  for (const name of HEAD) Object.defineProperty(response, name, { value: head[name], enumerable: true });
  Object.defineProperty(response, "clone", { value: () => withHead(Response.prototype.clone.call(response), head) });
  return response;
}
