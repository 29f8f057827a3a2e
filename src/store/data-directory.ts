import { posix, win32 } from "node:path";

/** Where an application's own data belong on this platform. Pure: nothing is looked at or made. */
export function dataDirectory(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "Headgate");
  if (platform === "win32") {
    return win32.join(absolute(environment["LOCALAPPDATA"], win32) ?? win32.join(home, "AppData", "Local"), "Headgate");
  }
  return posix.join(absolute(environment["XDG_DATA_HOME"], posix) ?? posix.join(home, ".local", "share"), "headgate");
}

/** The XDG specification has relative paths ignored; so are empty ones. */
function absolute(path: string | undefined, rules: typeof posix): string | undefined {
  return path !== undefined && rules.isAbsolute(path) ? path : undefined;
}
