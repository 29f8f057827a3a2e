/** What is to run, whatever runs it. All paths are absolute: a service has no folder and no PATH of its own. */
export interface ServiceSpec {
  /** Node, and this program. */
  readonly node: string;
  readonly program: string;
  /** The flags of `headgate serve`. */
  readonly flags: readonly string[];
  readonly folder: string;
  /** How long a shutdown may take at most, in seconds. */
  readonly stopSeconds: number;
}

/** Where a user's files are. */
export interface Home {
  readonly folder: string;
  /** XDG_CONFIG_HOME, where it is set. */
  readonly config: string | undefined;
  readonly userId: number;
}

/** A command, and whether it may fail: to stop what does not run is no failure. */
export interface Step {
  readonly command: readonly [string, ...string[]];
  readonly mayFail?: true;
}

/** How one service manager is told about the gateway. Nothing here does anything. */
export interface ServiceManager {
  readonly title: string;
  /** The file it reads. */
  readonly file: string;
  text(spec: ServiceSpec): string;
  /** After the file was written. */
  readonly install: readonly Step[];
  /** Before the file is removed, and after. */
  readonly stop: readonly Step[];
  readonly forget: readonly Step[];
  /** Prints its state. */
  readonly status: readonly [string, ...string[]];
  /** Of what {@link ServiceManager.status} prints: whether it runs. */
  isRunning(status: string): boolean;
  /** What people want to know next, a line each. */
  readonly hints: readonly string[];
}

/** The limits of a shutdown are counted in milliseconds; the manager must not be the first to lose patience. */
export function stopSecondsFor(shutdownMs: number): number {
  return Math.ceil(shutdownMs / 1000) + 15;
}
