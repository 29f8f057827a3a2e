import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hosts } from "../../src/gateway/hosts.ts";

const hosts = new Hosts([], [], "Studio.fritz.box");
const OWN = "127.0.0.1:11400";

function assertWelcome(host: string | undefined, origin?: string, of = hosts): void {
  assert.equal(of.objection(host, origin), undefined, `${host} ${origin}`);
}

function assertRefused(host: string | undefined, origin: string | undefined, remedy: string, of = hosts): void {
  const objection = of.objection(host, origin);
  assert.ok(objection?.endsWith(remedy), `${host} ${origin}: ${objection}`);
}

describe("Host: a gateway answers to the names that only its own machine has", () => {
  it("loopback, whatever the port, the case and the dot at the end", () => {
    for (const host of [
      "localhost",
      "LocalHost:8080",
      "localhost.",
      "localhost.:1",
      "localhost:",
      "chat.localhost:3000",
    ]) {
      assertWelcome(host);
    }
  });

  it("every address, for an address cannot be rebound", () => {
    for (const host of [
      OWN,
      "192.168.1.5",
      "0.0.0.0:1",
      "[::1]",
      "[::1]:11400",
      "[FE80::1%eth0]:1",
      "[::ffff:10.0.0.1]",
    ]) {
      assertWelcome(host);
    }
  });

  it("this machine's names, in full, in short and in .local, and those of its neighbours there", () => {
    for (const host of ["studio", "STUDIO.fritz.box:11400", "studio.local", "bobs-mac-mini.local."])
      assertWelcome(host);
  });

  it("the names that containers have for their host", () => {
    for (const host of ["host.docker.internal:11400", "host.containers.internal"]) assertWelcome(host);
  });

  it("a request without Host, which no browser makes", () => {
    for (const host of [undefined, "", " "]) assertWelcome(host);
  });

  it("and to no others: the refusal names the flag that lets this one in", () => {
    for (const [host, name] of [
      ["evil.example", "evil.example"],
      ["Evil.Example.:11400", "evil.example"],
      ["127.0.0.1.evil.example", "127.0.0.1.evil.example"],
      ["localhost.evil.example:80", "localhost.evil.example"],
      ["evil-localhost", "evil-localhost"],
      ["evillocal", "evillocal"],
      ["fritz.box", "fritz.box"],
      ["300.1.2.3", "300.1.2.3"],
      ["127.1", "127.1"],
      ["[evil]", "[evil]"],
    ] as const) {
      assertRefused(host, undefined, `allow it with --allow-host ${name}`);
      assertWelcome(host, undefined, new Hosts([name], [], "studio"));
    }
  });

  it("names are let in by name, by pattern or all, with or without a port", () => {
    const some = new Hosts(["AI.example.org:8443", "*.example.net"], [], "studio");
    for (const host of ["ai.example.org", "ai.example.org:1", "a.b.example.net"]) assertWelcome(host, undefined, some);
    for (const host of ["x.ai.example.org", "example.net", "evilexample.net"]) {
      assertRefused(host, undefined, `--allow-host ${host}`, some);
    }
    assertWelcome("any.example", undefined, new Hosts(["*"], [], "studio"));
  });
});

describe("Origin: pages of others may not call", () => {
  it("pages of this machine may, whatever their port and scheme", () => {
    for (const origin of [
      "http://localhost:3000",
      "https://LOCALHOST",
      "http://127.0.0.1:8080",
      "http://[::1]:5173",
      "http://studio.fritz.box",
      "http://chat.localhost:3000",
      "tauri://localhost",
    ]) {
      assertWelcome(OWN, origin);
    }
  });

  it("pages of the very name that was called may: the dashboard, over the local network", () => {
    assertWelcome("192.168.1.5:11400", "http://192.168.1.5:11400");
    assertWelcome("[fe80::1]:11400", "http://[fe80::1]:11400");
    assertRefused("192.168.1.5:11400", "http://192.168.1.6", "allow it with --allow-origin http://192.168.1.6");
    assertWelcome("studio.local", "http://studio.local:11400");
  });

  it("pages of a neighbour may not, not even under a name that leads here: it may have led there before", () => {
    for (const host of [OWN, "nas.local:11400"]) {
      assertRefused(host, "http://nas.local:11400", "allow it with --allow-origin http://nas.local:11400");
    }
    assertWelcome("nas.local", "http://nas.local", new Hosts(["nas.local"], [], "studio"));
  });

  it("no others may, not from a sandboxed frame or a file either: the refusal names the flag", () => {
    for (const origin of [
      "https://evil.example",
      "http://localhost.evil.example",
      "http://127.0.0.1.evil.example",
      "null",
      "file://",
      "app://-",
      "chrome-extension://abcdefgh",
      "vscode-webview://1234",
      "not a url",
    ]) {
      assertRefused(OWN, origin, `allow it with --allow-origin ${origin}`);
      assertWelcome(OWN, origin, new Hosts([], [origin], "studio"));
    }
  });

  it("are let in by name, by pattern or all", () => {
    const some = new Hosts(
      [],
      ["https://Chat.example.org/", "https://*.example.net", "chrome-extension://*"],
      "studio",
    );
    for (const origin of ["https://chat.example.org", "https://x.example.net", "chrome-extension://abc"]) {
      assertWelcome(OWN, origin, some);
    }
    for (const origin of ["http://chat.example.org", "https://chat.example.org:8443", "https://example.net", "null"]) {
      assertRefused(OWN, origin, `--allow-origin ${origin}`, some);
    }
    assertWelcome(OWN, "null", new Hosts([], ["*"], "studio"));
  });

  it("a page that is let in is no reason to let in a foreign Host", () => {
    assertRefused("evil.example", "http://localhost", "--allow-host evil.example", new Hosts([], ["*"], "studio"));
  });
});
