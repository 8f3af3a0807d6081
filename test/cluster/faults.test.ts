import { expect, inject, it } from "vitest";
import { createRandom, pause } from "../../core/index.ts";
import { openNamespace, type Release } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
/** The demo, shortened: what is looked at here is the books. */
const short = (steps: number) => ({
  run: { steps: process.env["FLEET_SLOW"] === "full" ? 40 : steps, eval: { dataset: [] } },
});
const SHORT = short(6);
/** Long enough for a pod of each part to be deleted. */
const LONGER = short(14);
/** So slow that whoever is told to go is in the middle of a completion. */
const SLOW = {
  name: "cpu",
  device: "cpu",
  replicas: 2,
  slots: 8,
  resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "250m", memory: "2Gi" } },
};
const PACE_MS = 8_000;
const SEED = 1;
const COMPONENTS = ["worker", "coordinator", "updater", "nats"] as const;

it.skipIf(cluster === null)(
  "pods of every part that are deleted in turn, with and without their time to go, cost no sample",
  async () => {
    if (cluster === null) return;
    await using namespace = await openNamespace(cluster, "faults");
    const release = await namespace.install("faulty", "demo", LONGER);
    await release.until("the first step", ({ step }) => step >= 1, 10 * MINUTE_MS);

    const next = createRandom(`faults ${SEED}`);
    const over = new AbortController();
    const deleted: string[] = [];
    const deleting = (async () => {
      while (!over.signal.aborted) {
        const component = COMPONENTS[deleted.length % COMPONENTS.length] ?? "worker";
        const pod = (await release.pods(component)).find(({ phase }) => phase !== "Terminating");
        const grace = next() < 0.5 ? ["--grace-period=0", "--force"] : [];
        const isDeleted =
          pod !== undefined &&
          (await namespace.kubectl("delete", "pod", pod.name, "--wait=false", ...grace).then(
            () => true,
            () => false,
          ));
        if (isDeleted) deleted.push(component);
        await pause(PACE_MS, over.signal);
      }
    })();
    await release.until("the last step", ({ step }) => step >= LONGER.run.steps, 18 * MINUTE_MS);
    over.abort();
    await deleting;
    await release.until("the run to end", ({ state }) => state === "ended", 5 * MINUTE_MS);

    process.stderr.write(`deleted: ${deleted.join(", ")}\n`);
    expect(new Set(deleted)).toEqual(new Set(COMPONENTS));
    await expectBalanced(release, LONGER);
  },
);

it.skipIf(cluster?.isOurs !== true)(
  "a node that is drained and taken back in mid-run costs no sample, and a pool's budget keeps one of its workers",
  async () => {
    if (cluster === null) return;
    await using namespace = await openNamespace(cluster, "drained");
    const release = await namespace.install("drained", "demo", SHORT);
    await release.until("the first step", ({ step }) => step >= 1, 10 * MINUTE_MS);
    const node = (await release.pods("worker"))[0]?.node ?? "";

    // What goes has nowhere to come back on a cluster of one node, so the budget of the pool keeps its second worker.
    const drain = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=90s"];
    const said = namespace.kubectl(...drain).then(
      () => "",
      (error: Error) => error.message,
    );
    const left = said.then(() => release.pods("worker"));
    const workers = await left.finally(() => namespace.kubectl("uncordon", node));
    await release.until("the run to end", ({ state }) => state === "ended", 15 * MINUTE_MS);

    expect(await said).toContain("violate the pod's disruption budget");
    expect(workers.filter(({ phase }) => phase === "Running")).toHaveLength(1);
    await expectBalanced(release);
  },
);

it.skipIf(cluster === null)(
  "what a worker had sampled when it was told to go is gone on with by another, token for token",
  async () => {
    if (cluster === null) return;
    await using namespace = await openNamespace(cluster, "handed");
    const release = await namespace.install("handed", "demo", { ...SHORT, workers: [SLOW] });
    // Between the look and the pod's end a completion may end too: all that decode are told, in several steps.
    for (let step = 1; step < SHORT.run.steps; step++) {
      const isDecoding = ({ busySlots }: { readonly busySlots: number }) => busySlots > 0;
      const { workers } = await release.until(
        `step ${step} and a worker that decodes, or the end`,
        ({ step: at, state, workers }) => state === "ended" || (at >= step && workers.some(isDecoding)),
        10 * MINUTE_MS,
      );
      const decoding = workers.filter(isDecoding).map(({ name }) => name);
      if (decoding.length === 0) break;
      await namespace.kubectl("delete", "pod", ...decoding, "--wait=false", "--ignore-not-found");
    }
    await release.until("the run to end", ({ state }) => state === "ended", 15 * MINUTE_MS);

    const rows = await release.query("SELECT len(tokens) AS tokens, spans_json FROM rollouts");
    const spansOf = ({ spans_json }: (typeof rows)[number]): readonly Span[] =>
      JSON.parse(String(spans_json));
    const continued = rows.filter((row) => new Set(spansOf(row).map(({ worker }) => worker)).size > 1);
    const kept = continued.map((row) => {
      const spans = spansOf(row);
      return spans.find(({ worker }) => worker !== spans[0]?.worker)?.from ?? 0;
    });
    process.stderr.write(
      `${continued.length} completions were gone on with elsewhere, ${kept.reduce((sum, tokens) => sum + tokens, 0)} of their tokens were not sampled again\n`,
    );
    expect(continued.length).toBeGreaterThan(0);
    expect(Math.min(...kept)).toBeGreaterThan(0);
    await expectBalanced(release);
  },
);

/** As the archive has it. */
interface Span {
  readonly from: number;
  readonly worker: string;
}

/** Everything issued has one end, and every step was trained once. */
async function expectBalanced(release: Release, { run } = SHORT): Promise<void> {
  const { steps, ledger, versions } = await release.summary();
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: run.steps }, (_, i) => i + 1));
  expect(versions).toHaveLength(run.steps + 1);
  for (const books of ledger) {
    expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
    expect(books.accepted).toBe(books.trained + books.skipped + books.evaluated);
  }
}
