/**
 * The environment that a coordinator's process is started in, so that its memory stays where it is: most of what it
 * handles is messages of some ten kilobytes, a few hundred a second, which live for a second.
 *
 * V8 frees their bytes only when it collects its young objects: a young space of 16 MiB is collected every second or so,
 * the much larger one that Node 24 lets grow far more rarely. glibc gives each thread a heap of its own, and keeps what
 * once was freed in them; two heaps, and large blocks that go straight back to the system, keep a third of that. Measured
 * in docs/operations.md.
 *
 * @module
 */

const NODE_FLAGS = "--max-semi-space-size=16";

/** What is added to the environment of whoever starts the coordinator; Node's options that are set there stay. */
export function coordinatorEnvironment(
  given: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const { NODE_OPTIONS = "" } = given;
  return {
    NODE_OPTIONS: `${NODE_FLAGS} ${NODE_OPTIONS}`.trim(),
    MALLOC_ARENA_MAX: "2",
    MALLOC_MMAP_THRESHOLD_: "131072",
    MALLOC_TRIM_THRESHOLD_: "131072",
  };
}
