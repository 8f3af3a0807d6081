import type { Draw } from "./draw.ts";

/** A function as its lines: `def …` first, then two to four lines of body, indented. */
export type FunctionLines = readonly string[];

/** What a function may be called. */
export const FUNCTION_NAMES: readonly string[] = (
  "scale shift area clip pick total mean diff rate cost tax load size rank span gap step mix bump trim " +
  "fold tally score grade speed price share bonus limit merge level count delta order power width"
).split(" ");

/** Numbers that appear in functions. */
export const NUMBERS: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20, 50];

/** Arithmetic operators, with the verb that an issue uses for each. */
export const OPERATORS: ReadonlyMap<string, string> = new Map([
  ["+", "add"],
  ["-", "subtract"],
  ["*", "multiply"],
  ["//", "divide"],
]);

/** Comparison operators, each with its opposite. */
export const OPPOSITES: ReadonlyMap<string, string> = new Map([
  ["<", ">"],
  [">", "<"],
  ["<=", ">="],
  [">=", "<="],
  ["==", "!="],
  ["!=", "=="],
]);

/** Functions of two arguments that a body may call. */
export const CALLS: readonly string[] = ["pow", "divmod", "range", "round", "isin"];

const PARAMETERS = [..."abnxywhkpq"];

/** The ingredients that a shape is filled with. */
interface Ingredients {
  readonly a: string;
  readonly b: string;
  readonly op: string;
  readonly op2: string;
  readonly c: number;
  readonly d: number;
  readonly compare: string;
  readonly call: string;
  /** 0 … 3 */
  readonly index: number;
  /** 0 … 2 */
  readonly start: number;
}

interface Shape {
  parameters(of: Ingredients): string;
  body(of: Ingredients): readonly string[];
}

const one = ({ a }: Ingredients) => a;
const two = ({ a, b }: Ingredients) => `${a}, ${b}`;
const list = () => "xs";
const listAndOne = ({ a }: Ingredients) => `xs, ${a}`;

const SHAPES: readonly Shape[] = [
  { parameters: one, body: ({ a, op, c }) => [`return ${a} ${op} ${c}`] },
  { parameters: two, body: ({ a, b, op }) => [`return ${a} ${op} ${b}`] },
  { parameters: two, body: ({ a, b, op, op2, c }) => [`return ${a} ${op} ${b} ${op2} ${c}`] },
  { parameters: two, body: ({ a, b, call }) => [`return ${call}(${a}, ${b})`] },
  { parameters: two, body: ({ a, b, call, op, c }) => [`return ${call}(${a} ${op} ${c}, ${b})`] },
  {
    parameters: two,
    body: ({ a, b, compare }) => [`if ${a} ${compare} ${b}:`, `    return ${a}`, `return ${b}`],
  },
  {
    parameters: one,
    body: ({ a, compare, c, d }) => [`if ${a} ${compare} ${c}:`, `    return ${d}`, `return ${a}`],
  },
  {
    parameters: two,
    body: ({ a, b, compare, c, op }) => [
      `if ${a} ${compare} ${c}:`,
      `    return ${b}`,
      `return ${a} ${op} ${b}`,
    ],
  },
  { parameters: two, body: ({ a, b, op, op2, c }) => [`t = ${a} ${op} ${b}`, `return t ${op2} ${c}`] },
  { parameters: one, body: ({ a, op, op2, c, d }) => [`t = ${a} ${op} ${c}`, `return t ${op2} ${d}`] },
  { parameters: two, body: ({ a, b, call, op, c }) => [`t = ${call}(${a}, ${b})`, `return t ${op} ${c}`] },
  { parameters: list, body: ({ index, op, c }) => [`return xs[${index}] ${op} ${c}`] },
  { parameters: list, body: ({ op, c }) => [`return len(xs) ${op} ${c}`] },
  {
    parameters: list,
    body: ({ start, op }) => [`s = ${start}`, "for v in xs:", `    s = s ${op} v`, "return s"],
  },
  {
    parameters: listAndOne,
    body: ({ a, op, op2 }) => ["s = 0", "for v in xs:", `    s = s ${op2} v ${op} ${a}`, "return s"],
  },
  { parameters: listAndOne, body: ({ a, op, op2, c }) => [`t = len(xs) ${op} ${a}`, `return t ${op2} ${c}`] },
];

/** Draws a correct function of the given name. */
export function drawFunction(draw: Draw, name: string): FunctionLines {
  const operators = [...OPERATORS.keys()];
  const [a, b] = draw.pickTwo(PARAMETERS);
  const [c, d] = draw.pickTwo(NUMBERS);
  const ingredients: Ingredients = {
    a,
    b,
    c,
    d,
    op: draw.pick(operators),
    op2: draw.pick(operators),
    compare: draw.pick([...OPPOSITES.keys()]),
    call: draw.pick(CALLS),
    index: draw.below(4),
    start: draw.below(3),
  };
  const shape = draw.pick(SHAPES);
  const body = shape.body(ingredients).map((line) => `    ${line}`);
  return [`def ${name}(${shape.parameters(ingredients)}):`, ...body];
}
