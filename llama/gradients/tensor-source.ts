import { type GgufFile, typeCode } from "../gguf/index.ts";
import type { TensorSource } from "./weights.ts";

/** The tensors of an open file. */
export function sourceOf(file: GgufFile): TensorSource {
  return {
    tensors: [...file.tensors.values()].map(({ name, type, shape }) => ({
      name,
      type: typeCode(type),
      shape,
    })),
    read: (name) => {
      const tensor = file.tensors.get(name);
      if (tensor === undefined) throw new RangeError(`no tensor ${name}`);
      return file.readRows(tensor);
    },
  };
}
