import type { JsonReader } from "../protocol/json-reader.ts";
import type { Edit } from "../protocol/splice.ts";

/** A running request, by the names that a server may know it by. */
export interface RunName {
  /** Given by Headgate, or by the client itself. */
  readonly request: string;
  /** The id in the answer, once something of it came. */
  readonly answer: string | undefined;
}

/** How a server is told to stop a request, where it notices a closed connection late. */
export interface Cancelling {
  /** The name that the client gave it itself, if it did. */
  ownName?(body: JsonReader): string | undefined;
  /** Gives it one. */
  name?(name: string): readonly Edit[];
  /** The question that stops it; `undefined` while its name is not known. */
  call(name: RunName): { readonly path: string; readonly body: object } | undefined;
}
