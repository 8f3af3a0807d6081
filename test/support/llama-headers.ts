/**
 * The headers of the pinned llama.cpp, from the repository that its npm package brings along, and prototypes in a form
 * in which ours can be compared with them.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openTemporaryFolder } from "./temporary-folder.ts";

const BUNDLE = fileURLToPath(
  new URL("../../node_modules/node-llama-cpp/llama/gitRelease.bundle", import.meta.url),
);

/** A function's types, pointers untyped: "void *", "const char *", "int", "size_t", …; structs by value as "struct". */
export interface Prototype {
  readonly name: string;
  readonly returns: string;
  readonly takes: readonly string[];
}

/** Some headers, without comments. */
export interface Headers {
  readonly text: string;
  /** The prototype of a function. @throws when no header declares it */
  prototypeOf(name: string): Prototype;
}

/** Reads headers by their path in llama.cpp's repository, such as "ggml/include/ggml.h". */
export async function readHeaders(paths: readonly string[]): Promise<Headers> {
  await using folder = await openTemporaryFolder();
  const clone = folder.file("llama.cpp");
  execFileSync("git", ["clone", "--quiet", "--bare", BUNDLE, clone], { stdio: ["ignore", "ignore", "pipe"] });
  const show = (path: string) => execFileSync("git", ["-C", clone, "show", `HEAD:${path}`]).toString();
  const text = withoutComments(paths.map(show).join("\n"));
  const aliases = readAliases(text);
  return {
    text,
    prototypeOf(name) {
      const declaration = new RegExp(`([\\w *]+?[ *])${name}\\s*\\(([^;{]*)\\)\\s*;`).exec(text);
      if (declaration === null) throw new Error(`no header declares ${name}`);
      return describe(name, declaration[1] ?? "", declaration[2] ?? "", aliases);
    },
  };
}

/** Reads a prototype as it is bound. */
export function parsePrototype(prototype: string): Prototype {
  const [, returns = "", name = "", takes = ""] = /^(.*[ *])(\w+)\((.*)\)$/.exec(prototype) ?? [];
  return describe(name, returns, takes, new Map());
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\/\/.*$/gm, " ");
}

/** `typedef A B;` of plain types, of pointers and of pointers to functions. */
function readAliases(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/typedef\s+(?:const\s+)?(?:(?:struct|enum)\s+)?(\w+)\s*(\*?)\s*(\w+)\s*;/g);
  const functions = text.matchAll(/typedef\s+\w+\s*\(\s*\*\s*(\w+)\s*\)/g);
  return new Map([
    ...Array.from(
      found,
      ([, type = "", star, alias = ""]) => [alias, star === "*" ? "void *" : type] as const,
    ),
    ...Array.from(functions, ([, alias = ""]) => [alias, "void *"] as const),
  ]);
}

function describe(
  name: string,
  returns: string,
  takes: string,
  aliases: ReadonlyMap<string, string>,
): Prototype {
  const parameters = takes.trim() === "void" || takes.trim() === "" ? [] : takes.split(",");
  return {
    name,
    returns: plainType(returns.replace(/\b(GGML|LLAMA)_API\b|\bextern\b/g, ""), aliases),
    takes: parameters.map((parameter) => plainType(withoutName(parameter), aliases)),
  };
}

function withoutName(parameter: string): string {
  const trimmed = parameter.trim();
  return /[\w*]\s*[ *]\s*\w+$/.test(trimmed) && !/^(?:const\s+)?(?:struct|enum)\s+\w+$/.test(trimmed)
    ? trimmed.replace(/\w+$/, "")
    : trimmed;
}

const SAME_SIZE: Readonly<Record<string, string>> = { int32_t: "int", uint32_t: "int" };

function plainType(written: string, aliases: ReadonlyMap<string, string>): string {
  const type = written.replace(/\s+/g, " ").trim();
  if (/^const char ?\*$/.test(type)) return "const char *";
  if (type.includes("*")) return "void *";
  const bare = type.replace(/^const /, "");
  if (bare.startsWith("enum ")) return "int";
  const named = bare.replace(/^struct /, "");
  const resolved = aliases.get(named) ?? named;
  if (bare.startsWith("struct ") || /_params$|^llama_batch$/.test(resolved)) return "struct";
  return SAME_SIZE[resolved] ?? resolved;
}
