/** The lanes that a worker takes tasks of. */
export const LANES: readonly string[] = ["train", "eval"];

/** Whether a lane's groups are sampled wholly under the version that their lease names. */
export function isExact(lane: string): boolean {
  return lane !== "train";
}
