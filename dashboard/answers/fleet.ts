/** When a worker was there; milliseconds since the epoch, `to` null while it is. */
export interface Stay {
  readonly worker: string;
  readonly from: number;
  readonly to: number | null;
  /** How it left: it said that it goes, or fell silent; null while it is there. */
  readonly end: "drained" | "lost" | null;
}

/** Busy slots over time. */
export interface SlotSample {
  readonly at: number;
  readonly busy: number;
}

/** `GET /api/fleet`. */
export interface FleetView {
  /** Time of this answer, in milliseconds since the epoch. */
  readonly now: number;
  /** Since when workers have been looked at: the coordinator's start. */
  readonly since: number;
  readonly stays: readonly Stay[];
  readonly slots: Readonly<Record<string, readonly SlotSample[]>>;
}
