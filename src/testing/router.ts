import type { Route } from "./manners/manners.ts";

/** Finds the route of a method and a path; of several that fit, the first. */
export class Router {
  readonly #exact = new Map<string, Route>();
  readonly #prefixes: readonly Route[];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const key = `${route.method} ${route.path}`;
      if (!this.#exact.has(key)) this.#exact.set(key, route);
    }
    this.#prefixes = routes.filter(({ path }) => path.endsWith("*"));
  }

  find(method: string, path: string): Route | undefined {
    // Servers answer HEAD as GET; Node leaves the body away.
    const asked = method === "HEAD" ? "GET" : method;
    const exact = this.#exact.get(`${method} ${path}`) ?? this.#exact.get(`${asked} ${path}`);
    if (exact !== undefined) return exact;
    return this.#prefixes.find((route) => route.method === method && path.startsWith(route.path.slice(0, -1)));
  }
}
