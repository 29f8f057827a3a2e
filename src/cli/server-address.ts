import { InvalidArgumentError } from "commander";

/** The address of a model server on a command line. */
export function serverAddress(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new InvalidArgumentError("an address such as http://127.0.0.1:8080 is wanted.");
}
