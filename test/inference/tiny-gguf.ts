import { writeFile } from "node:fs/promises";

/** The width, depth and so on of the model: so small that it says thousands of tokens a second on one thread. */
const WIDTH = 64;
const LAYERS = 2;
const HEADS = 4;
const INNER_WIDTH = 2 * WIDTH;
/** llama.cpp reads tensors from places divisible by this. */
const ALIGNMENT = 32;

/**
 * Writes a llama model with random weights, as GGUF version 3 with 32-bit floats. The same file every time.
 *
 * It speaks in syllables of plain ASCII, and what it said is read again as exactly the tokens that it was, so an answer can be
 * continued from its text. Its chat template is ChatML. It hardly ever ends an answer by itself.
 */
export async function writeTinyGguf(path: string, { contextTokens }: { contextTokens: number }): Promise<void> {
  const vocabulary = vocabularyOf();
  const tensors = tensorsOf(vocabulary);
  const file = new Bytes();
  file.raw(Buffer.from("GGUF"));
  file.u32(3);
  file.u64(tensors.length);
  const members = metadata(vocabulary, contextTokens);
  file.u64(members.length);
  for (const [key, value] of members) file.member(key, value);
  let offset = 0;
  for (const { name, rows, columns } of tensors) {
    file.text(name);
    // One dimension where there is one row.
    file.u32(rows === 1 ? 1 : 2);
    file.u64(columns);
    if (rows > 1) file.u64(rows);
    file.u32(F32);
    file.u64(offset);
    offset += aligned(rows * columns * 4);
  }
  file.align();
  const random = randomNumbers();
  for (const { rows, columns, weight } of tensors) {
    const weights = new Float32Array(rows * columns);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) weights[at] = weight(row, column, random);
    }
    file.raw(Buffer.from(weights.buffer));
    file.align();
  }
  await writeFile(path, file.all());
}

/** The type of a tensor. */
const F32 = 0;

/** Types of tokens, of llama.cpp's `llama_token_type`. */
const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const UNUSED = 5;
const BYTE = 6;

interface Vocabulary {
  readonly tokens: string[];
  readonly scores: number[];
  readonly types: number[];
  /** The only tokens that the model ever says, but for the end. */
  readonly syllables: ReadonlySet<number>;
  readonly begin: number;
  readonly end: number;
}

/** As SentencePiece has it: a smaller score is merged later. */
function vocabularyOf(): Vocabulary {
  const tokens: string[] = [];
  const scores: number[] = [];
  const types: number[] = [];
  const add = (token: string, score: number, type: number): number => {
    scores.push(score);
    types.push(type);
    return tokens.push(token) - 1;
  };
  add("<unk>", 0, UNKNOWN);
  const begin = add("<s>", 0, CONTROL);
  add("</s>", 0, CONTROL);
  add("<|im_start|>", 0, CONTROL);
  const end = add("<|im_end|>", 0, CONTROL);
  for (let byte = 0; byte < 256; byte++) add(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 0, BYTE);
  const consonants = "bdfghjklmnprstvwxyzc";
  const vowels = "aeiou";
  const space = "\u2581";
  add(space, -1000, NORMAL);
  for (const letter of consonants + vowels) add(letter, -1001, NORMAL);
  const syllables = new Set<number>();
  for (const before of ["", space]) {
    for (const consonant of consonants) {
      for (const vowel of vowels) syllables.add(add(before + consonant + vowel, -1 - syllables.size, NORMAL));
    }
  }
  while (tokens.length % ALIGNMENT !== 0) add(`<unused_${tokens.length}>`, -2000, UNUSED);
  return { tokens, scores, types, syllables, begin, end };
}

const CHAT_TEMPLATE =
  "{%- for m in messages -%}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";

type Value = number | string | boolean | { readonly float: number } | readonly string[] | Float32Array | Int32Array;

function metadata({ tokens, scores, types, begin, end }: Vocabulary, contextTokens: number): [string, Value][] {
  return [
    ["general.architecture", "llama"],
    ["general.name", "tiny-random"],
    ["general.file_type", F32],
    ["llama.vocab_size", tokens.length],
    ["llama.context_length", contextTokens],
    ["llama.embedding_length", WIDTH],
    ["llama.block_count", LAYERS],
    ["llama.feed_forward_length", INNER_WIDTH],
    ["llama.attention.head_count", HEADS],
    ["llama.attention.head_count_kv", HEADS],
    ["llama.attention.layer_norm_rms_epsilon", { float: 1e-5 }],
    ["llama.rope.dimension_count", WIDTH / HEADS],
    ["tokenizer.ggml.model", "llama"],
    ["tokenizer.ggml.pre", "default"],
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.scores", new Float32Array(scores)],
    ["tokenizer.ggml.token_type", new Int32Array(types)],
    ["tokenizer.ggml.bos_token_id", begin],
    ["tokenizer.ggml.eos_token_id", end],
    ["tokenizer.ggml.unknown_token_id", 0],
    ["tokenizer.ggml.add_bos_token", true],
    ["tokenizer.ggml.add_eos_token", false],
    ["tokenizer.ggml.add_space_prefix", false],
    ["tokenizer.chat_template", CHAT_TEMPLATE],
  ];
}

type Random = (amplitude: number) => number;

interface Tensor {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly weight: (row: number, column: number, random: Random) => number;
}

/**
 * The first number of every token's vector is the same and no layer touches it, so its weight in the output is a constant for each
 * token: nothing for syllables, far below zero for all that must not be said.
 */
function tensorsOf({ tokens, syllables }: Vocabulary): Tensor[] {
  const scale = 1.2 / Math.sqrt(WIDTH);
  const ones = (name: string): Tensor => ({ name, rows: 1, columns: WIDTH, weight: () => 1 });
  const matrix = (name: string, rows: number, columns: number, weight: Tensor["weight"]): Tensor => {
    return { name, rows, columns, weight };
  };
  const even =
    (amplitude: number): Tensor["weight"] =>
    (_row, _column, random) =>
      random(amplitude);
  const untouched =
    (amplitude: number): Tensor["weight"] =>
    (row, _column, random) =>
      row === 0 ? 0 : random(amplitude);
  const layers = Array.from({ length: LAYERS }, (_, layer) => [
    ones(`blk.${layer}.attn_norm.weight`),
    matrix(`blk.${layer}.attn_q.weight`, WIDTH, WIDTH, even(2 * scale)),
    matrix(`blk.${layer}.attn_k.weight`, WIDTH, WIDTH, even(2 * scale)),
    matrix(`blk.${layer}.attn_v.weight`, WIDTH, WIDTH, even(scale)),
    matrix(`blk.${layer}.attn_output.weight`, WIDTH, WIDTH, untouched(scale)),
    ones(`blk.${layer}.ffn_norm.weight`),
    matrix(`blk.${layer}.ffn_gate.weight`, INNER_WIDTH, WIDTH, even(scale)),
    matrix(`blk.${layer}.ffn_up.weight`, INNER_WIDTH, WIDTH, even(scale)),
    matrix(`blk.${layer}.ffn_down.weight`, WIDTH, INNER_WIDTH, untouched(1.2 / Math.sqrt(INNER_WIDTH))),
  ]);
  return [
    matrix("token_embd.weight", tokens.length, WIDTH, (_row, column, random) => (column === 0 ? 3 : random(1.5))),
    ...layers.flat(),
    ones("output_norm.weight"),
    matrix("output.weight", tokens.length, WIDTH, (row, column, random) => {
      if (column === 0) return syllables.has(row) ? 0 : -30;
      return syllables.has(row) ? random(6 / Math.sqrt(WIDTH)) : 0;
    }),
  ];
}

/** Between plus and minus the amplitude; Marsaglia's xorshift, because the file must be the same every time. */
function randomNumbers(): Random {
  let state = 1;
  return (amplitude) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (state / 2 ** 31 - 1) * amplitude;
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Types of values, of llama.cpp's `gguf_type`. */
const GGUF_TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 };

/** What a GGUF file is made of; all of it little-endian. */
class Bytes {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  raw(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  u32(value: number): void {
    const chunk = Buffer.alloc(4);
    chunk.writeUInt32LE(value);
    this.raw(chunk);
  }

  u64(value: number): void {
    const chunk = Buffer.alloc(8);
    chunk.writeBigUInt64LE(BigInt(value));
    this.raw(chunk);
  }

  text(value: string): void {
    const chunk = Buffer.from(value);
    this.u64(chunk.length);
    this.raw(chunk);
  }

  align(): void {
    this.raw(Buffer.alloc(aligned(this.#length) - this.#length));
  }

  member(key: string, value: Value): void {
    this.text(key);
    if (typeof value === "string") {
      this.u32(GGUF_TYPE.string);
      this.text(value);
    } else if (typeof value === "number") {
      this.u32(GGUF_TYPE.u32);
      this.u32(value);
    } else if (typeof value === "boolean") {
      this.u32(GGUF_TYPE.bool);
      this.raw(Buffer.from([Number(value)]));
    } else if ("float" in value) {
      this.u32(GGUF_TYPE.f32);
      this.raw(Buffer.from(new Float32Array([value.float]).buffer));
    } else {
      this.#array(value);
    }
  }

  #array(values: readonly string[] | Float32Array | Int32Array): void {
    this.u32(GGUF_TYPE.array);
    if (values instanceof Float32Array || values instanceof Int32Array) {
      this.u32(values instanceof Float32Array ? GGUF_TYPE.f32 : GGUF_TYPE.i32);
      this.u64(values.length);
      this.raw(Buffer.from(values.buffer));
      return;
    }
    this.u32(GGUF_TYPE.string);
    this.u64(values.length);
    for (const value of values) this.text(value);
  }

  all(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
