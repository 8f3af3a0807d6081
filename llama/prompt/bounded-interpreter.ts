import { Interpreter } from "@huggingface/jinja";

/** What an expression or a statement comes to. */
interface Value {
  readonly type: string;
  readonly value: unknown;
}

/** The part of the library's class that is used, whose own types refer to files that TypeScript does not find. */
const Unbounded = Interpreter as unknown as new (
  environment: unknown,
) => {
  evaluate(node: unknown, environment: unknown): Value;
  run(program: unknown): Value;
};

/** Characters and items of a value, what it holds counted as often as it is there; each would be written out so often. */
const MOST = 1 << 22;

/** Refuses a value as soon as it is too large, whichever way it grew: a list that doubles is no larger than itself twice. */
export class BoundedInterpreter extends Unbounded {
  readonly #sizes = new WeakMap<Value, number>();

  override evaluate(node: unknown, environment: unknown): Value {
    const value = super.evaluate(node, environment);
    if (this.#sizeOf(value) > MOST) throw new Error(`it makes a value of more than ${MOST} characters`);
    return value;
  }

  #sizeOf(value: Value): number {
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    const size = this.#measure(value);
    if (value.type !== "NamespaceValue") this.#sizes.set(value, size); // Nothing else changes.
    return size;
  }

  #measure({ value }: Value): number {
    if (typeof value === "string") return 1 + value.length;
    if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + this.#sizeOf(item), 1);
    if (!(value instanceof Map)) return 1;
    return [...value].reduce<number>((sum, [key, item]) => sum + key.length + this.#sizeOf(item), 1);
  }
}
