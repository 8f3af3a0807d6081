/**
 * A small assembler for WebAssembly: expressions are bytes, and functions put them together. Only the instructions that
 * the kernels here need; an operand order or a type that is wrong is refused when the module is compiled.
 *
 * @see WebAssembly Core Specification 2.0, section 5 (binary format)
 * @module
 */

/** Instructions. */
export type Code = readonly number[];

/** The types of values, by their byte. */
const TYPE = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
type ValueType = keyof typeof TYPE;

/** A parameter or local variable of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** A function of a module. */
export interface WasmFunction {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const plain =
  (opcode: number) =>
  (...operands: Code[]): Code => [...operands.flat(), opcode];
const vector =
  (opcode: number, ...immediates: number[]) =>
  (...operands: Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(opcode), ...immediates];
/** Memory access at `address` + `offset`; alignment is only a hint, 1 always true. */
const memory =
  (make: (...operands: Code[]) => Code) =>
  (offset: number, ...operands: Code[]): Code => [...make(...operands), 0, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: plain(0x6a),
  isBelow: plain(0x49),
};
export const f32 = { store: memory(plain(0x38)) };
export const f64 = { add: plain(0xa0), store: memory(plain(0x39)) };
export const v128 = { load: memory(vector(0x00)), store: memory(vector(0x0b)) };
export const i32x4 = { add: vector(0xae), shl: vector(0xab) };
export const f32x4 = {
  const: (value: number): Code => [0xfd, 0x0c, ...Array.from({ length: 4 }, () => float32(value)).flat()],
  splat: vector(0x13),
  /** The first of four. */
  first: vector(0x1f, 0),
  add: vector(0xe4),
  sub: vector(0xe5),
  mul: vector(0xe6),
  /** b where a < b, else a. */
  pmax: vector(0xeb),
  /** Lanes [2, 3, 0, 1]. */
  swapHalves: (value: Local): Code => shuffle(value, [2, 3, 0, 1]),
  /** Lanes [1, 0, 3, 2]. */
  swapPairs: (value: Local): Code => shuffle(value, [1, 0, 3, 2]),
};
export const f64x2 = {
  const: (value: number): Code => [0xfd, 0x0c, ...float64(value), ...float64(value)],
  add: vector(0xf0),
  first: vector(0x21, 0),
  second: vector(0x21, 1),
  /** The first two float32 of four. */
  promoteLow: vector(0x5f),
};

/** Runs `body` once, and again while `condition` is not zero. */
export function doWhile(condition: Code, ...body: Code[]): Code {
  return [0x03, 0x40, ...body.flat(), ...condition, 0x0d, 0x00, 0x0b];
}

/** Defines a function. `write` gets its parameters and a way to make locals, and returns its statements. */
export function defineFunction(
  name: string,
  params: readonly ValueType[],
  result: ValueType | undefined,
  write: (parameters: Local[], local: (type: ValueType) => Local) => Code[],
): WasmFunction {
  const locals: ValueType[] = [];
  const parameters = params.map((_, index) => localAt(index));
  const body = write(parameters, (type) => localAt(params.length + locals.push(type) - 1)).flat();
  return { name, params, locals, body, ...(result && { result }) };
}

/** A module's bytes: exports `functions` by name, and imports `env.memory`. */
function encodeModule(functions: readonly WasmFunction[]): Uint8Array {
  const typeOf = ({ params, result }: WasmFunction) => [
    0x60,
    ...list(params.map((type) => [TYPE[type]])),
    ...list(result === undefined ? [] : [[TYPE[result]]]),
  ];
  const codeOf = ({ locals, body }: WasmFunction) =>
    sized([...list(locals.map((type) => [1, TYPE[type]])), ...body, 0x0b]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(functions.map(typeOf))),
    ...section(2, list([[...text("env"), ...text("memory"), 0x02, 0x00, 0x01]])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, list(functions.map(codeOf))),
  ]);
}

/** The part of the engine's own WebAssembly that is used here; no type library of this project names it. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

/** Compiled functions over memory. */
export interface WasmModule<Exports> {
  /** Opens the functions over a memory of their own. */
  open(memoryBytes: number): { readonly wasm: Exports; readonly memory: ArrayBuffer };
}

/** Compiles functions; `Exports` says how they are called. */
export function compileFunctions<Exports>(functions: readonly WasmFunction[]): WasmModule<Exports> {
  const module = new WebAssembly.Module(encodeModule(functions));
  return {
    open(memoryBytes) {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(memoryBytes / PAGE_BYTES) });
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      return { wasm: exports as Exports, memory: memory.buffer };
    },
  };
}

const PAGE_BYTES = 65_536;

function localAt(index: number): Local {
  return {
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
  };
}

function shuffle(value: Local, lanes: readonly number[]): Code {
  const bytes = lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]);
  return [...value.get, ...value.get, 0xfd, 0x0d, ...bytes];
}

const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: Code): Code => [id, ...sized(bytes)];
const text = (value: string): Code => sized([...Buffer.from(value, "utf8")]);
const float32 = (value: number): Code => [...new Uint8Array(Float32Array.of(value).buffer)];
const float64 = (value: number): Code => [...new Uint8Array(Float64Array.of(value).buffer)];

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
