import { concatenate, type Frame, type FrameDecoder } from "./frame.ts";
import { frameDecoder } from "./framing.ts";
import { type Hidden, type HidingRule, hidingRule } from "./hiding-rules.ts";
import { type JsonFields, topLevelFields } from "./json-fields.ts";
import type { DialectName } from "./route.ts";
import { skim } from "./skim.ts";
import { splice } from "./splice.ts";
import { parseObject } from "./untrusted-json.ts";

export type { Hidden } from "./hiding-rules.ts";

/**
 * Takes out of a stream what Headgate asked of the engine for itself: the client gets, byte for byte, what it would
 * have got without. Never throws. A frame goes on when it is complete; one beyond the limit goes through in pieces,
 * unread.
 */
export interface Hider {
  /** What may go on to the client now. May be views of `chunk`. */
  push(chunk: Uint8Array): Uint8Array[];
  /** The rest, when no more comes. */
  end(): Uint8Array[];
}

/**
 * A filter over one stream of `dialect`; `undefined` when nothing is to be hidden, or nothing of it shows in that
 * dialect.
 */
export function hider(dialect: DialectName, hidden: readonly Hidden[]): Hider | undefined {
  const rule = hidingRule(dialect, hidden);
  return rule === undefined ? undefined : new StreamHider(frameDecoder(dialect), rule);
}

/** A frame and what its payload has become. */
interface Held {
  readonly frame: Frame;
  readonly data: Uint8Array;
}

class StreamHider implements Hider {
  readonly #decoder: FrameDecoder;
  readonly #rule: HidingRule;
  /**
   * The frame that ends a choice, until the next one is there. llama-server puts its timings into the last frame: into
   * the usage where that was asked for, into this one where it was not.
   */
  #held: Held | undefined;

  constructor(decoder: FrameDecoder, rule: HidingRule) {
    this.#decoder = decoder;
    this.#rule = rule;
  }

  push(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const frame of this.#decoder.push(chunk)) this.#pass(frame, out);
    return out;
  }

  end(): Uint8Array[] {
    const out: Uint8Array[] = [];
    const rest = this.#decoder.end();
    if (rest !== undefined) this.#pass(rest, out);
    this.#release(out);
    return out;
  }

  #pass(frame: Frame, out: Uint8Array[]): void {
    const { data } = frame;
    const value = data !== undefined && skim(data, this.#rule.marks) !== 0 ? parseObject(data) : undefined;
    if (data === undefined || value === undefined) {
      this.#release(out);
      append(out, frame.raw);
      return;
    }
    const { drop, remove, hold } = this.#rule.judge(value);
    const fields = topLevelFields(data);
    if (drop) this.#inherit(data, fields);
    else {
      this.#release(out);
      this.#held = {
        frame,
        data: splice(
          data,
          remove.map((name) => ({ remove: name })),
          fields,
        ),
      };
      if (!hold) this.#release(out);
    }
  }

  /** Gives the timings of a hidden frame to the frame that would have had them. */
  #inherit(data: Uint8Array, fields: JsonFields): void {
    const timings = fields.get("timings");
    if (this.#held === undefined || timings === undefined) return;
    const held = this.#held.data;
    if (topLevelFields(held).get("timings") !== undefined) return;
    const brace = held.lastIndexOf(CLOSE_OBJECT);
    const member = [held.subarray(0, brace), TIMINGS, data.subarray(timings.start, timings.end), held.subarray(brace)];
    this.#held = { frame: this.#held.frame, data: concatenate(member) };
  }

  #release(out: Uint8Array[]): void {
    if (this.#held === undefined) return;
    const { frame, data } = this.#held;
    this.#held = undefined;
    append(out, data === frame.data ? frame.raw : frame.withData(data));
  }
}

const CLOSE_OBJECT = 0x7d;
const TIMINGS = new TextEncoder().encode(',"timings":');

/** Frames that lie side by side go on as one piece: a chunk in which nothing is hidden stays one write. */
function append(out: Uint8Array[], piece: Uint8Array): void {
  const last = out.at(-1);
  if (last !== undefined && last.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset) {
    out[out.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length);
  } else out.push(piece);
}
