import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { ByteSource } from "./cursor.ts";
import { GgufMissingError, GgufTruncatedError } from "./errors.ts";
import { type GgufHeader, type GgufTensor, parseGguf, rowsAndColumns } from "./parse.ts";

/** An open GGUF. Its tensors' bytes are read when they are asked for. */
export interface GgufFile extends GgufHeader, AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  /** The stored bytes of rows `from` to `from + count` of a tensor; of all of it, if none are named. */
  readRows(tensor: GgufTensor, from?: number, count?: number): Promise<Uint8Array>;
}

/**
 * Opens a GGUF and reads its header.
 *
 * @param name - stands for the file in errors
 * @throws {GgufMissingError | NotGgufError | GgufTruncatedError | GgufDamagedError} in one sentence
 */
export async function openGguf(path: string, name = path): Promise<GgufFile> {
  const file = await openFile(path);
  try {
    const { size: sizeBytes } = await file.stat();
    const header = parseGguf(fileSource(file, name, sizeBytes));
    return {
      ...header,
      path,
      sizeBytes,
      readRows: (tensor, from, count) => readRows(file, path, tensor, from, count),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads the header of a GGUF in memory; `name` stands for it in errors. Throws as {@link openGguf} does. */
export function parseGgufBytes(bytes: Uint8Array, name: string): GgufHeader {
  return parseGguf({
    name,
    sizeBytes: bytes.length,
    read: (offset, most) => bytes.subarray(offset, offset + most),
  });
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new GgufMissingError(
      missing ? `there is no file ${path}` : `${path} cannot be opened: ${(error as Error).message}`,
      { cause: error },
    );
  }
  throw new GgufMissingError(`${path} is not a file`);
}

function fileSource(file: FileHandle, name: string, sizeBytes: number): ByteSource {
  return {
    name,
    sizeBytes,
    read: (offset, most) => {
      const buffer = Buffer.alloc(most);
      const count = readSync(file.fd, buffer, 0, most, offset);
      if (count === 0) throw shrunk(name);
      return buffer.subarray(0, count);
    },
  };
}

async function readRows(
  file: FileHandle,
  path: string,
  tensor: GgufTensor,
  from = 0,
  count = rowsAndColumns(tensor.shape).rows - from,
): Promise<Uint8Array> {
  const bytesPerRow = tensor.bytes / rowsAndColumns(tensor.shape).rows;
  const bytes = new Uint8Array(count * bytesPerRow);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, {
      offset: filled,
      position: tensor.offset + from * bytesPerRow + filled,
    });
    if (bytesRead === 0) throw shrunk(path);
    filled += bytesRead;
  }
  return bytes;
}

function shrunk(path: string): GgufTruncatedError {
  return new GgufTruncatedError(`${path} has become shorter while it was read`);
}
