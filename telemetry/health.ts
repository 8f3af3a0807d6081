/** What a process says of itself to whoever started it. */
export interface Health {
  /** It has loaded, replayed or opened what it works with. Once said, it stays said. */
  started(): void;
  /**
   * What it cannot serve without at the moment, as a sentence; null: it has it. Kinds are constants of the code.
   */
  lacks(kind: string, why: string | null): void;
}

/** What is known of a process; each sentence is null where nothing is wrong. */
export interface HealthReport extends Health {
  /** Why it has not started yet. */
  readonly startup: string | null;
  /** Why it cannot serve at the moment. */
  readonly readiness: string | null;
  /** The same, whatever it lacks of these kinds. */
  readinessBut(excluded: readonly string[]): string | null;
}

/** The health of a process that begins: it has not started. */
export function createHealth(): HealthReport {
  const lacking = new Map<string, string>();
  let isStarted = false;

  const startup = () => (isStarted ? null : "still starting");
  const readinessBut = (excluded: readonly string[]) => {
    const [first] = lacking.entries().filter(([kind]) => !excluded.includes(kind));
    return startup() ?? first?.[1] ?? null;
  };
  return {
    started: () => {
      isStarted = true;
    },
    lacks: (kind, why) => {
      if (why === null) lacking.delete(kind);
      else lacking.set(kind, why);
    },
    get startup() {
      return startup();
    },
    get readiness() {
      return readinessBut([]);
    },
    readinessBut,
  };
}
