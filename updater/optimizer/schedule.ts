/** The course of a learning rate. */
export interface LearningRateCourse {
  /** After warm-up. */
  readonly learningRate: number;
  /** Steps over which it rises linearly from 0. */
  readonly warmupSteps: number;
  /** How it falls from the end of warm-up to the last step. */
  readonly schedule: "constant" | "cosine" | "linear";
  /** Share of it that is left after the last step; `constant` ignores it. */
  readonly finalShare: number;
}

/**
 * The learning rate of a step.
 *
 * @param step - counted from 1
 * @param steps - of the whole course; later steps keep the final rate
 */
export function learningRateAt(course: LearningRateCourse, step: number, steps: number): number {
  if (step < course.warmupSteps) return (course.learningRate * step) / course.warmupSteps;
  const firstFull = Math.max(1, course.warmupSteps);
  const progress = (step - firstFull) / Math.max(1, steps - firstFull + 1);
  return course.learningRate * remaining(course, Math.min(1, progress));
}

/** The share of the rate that is left when `progress` (0 to 1) of the fall is done. */
function remaining({ schedule, finalShare }: LearningRateCourse, progress: number): number {
  switch (schedule) {
    case "constant":
      return 1;
    case "linear":
      return 1 - (1 - finalShare) * progress;
    case "cosine":
      return finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * progress))) / 2;
  }
}
