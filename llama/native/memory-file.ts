import koffi from "koffi";

/**
 * Lets `work` read bytes as a C `FILE *`, through the C library's `fmemopen`: llama.cpp loads an adapter from it
 * without a temporary file.
 */
export function withMemoryFile<T>(bytes: Uint8Array, work: (file: bigint) => T): T {
  const libc = koffi.load("libc.so.6");
  const open = libc.func("void *fmemopen(const void *buffer, size_t size, const char *mode)");
  const close = libc.func("int fclose(void *file)");
  const file: bigint = open(bytes, bytes.byteLength, "rb");
  try {
    return work(file);
  } finally {
    close(file);
  }
}
