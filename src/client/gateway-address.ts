/** Where a gateway is, and what to show it. */
export interface GatewayAddress {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string | undefined;
}

/** @throws {TypeError} when `url` is no http or https address, or `key` cannot stand in a header. */
export function gatewayAddress(url: string | URL, key: string | undefined): GatewayAddress {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError(`url must be the address of a gateway, such as http://127.0.0.1:11400; got ${String(url)}`);
  }
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw new TypeError("key must be text without spaces");
  return { url: parsed.origin + parsed.pathname.replace(/\/+$/, ""), key };
}
