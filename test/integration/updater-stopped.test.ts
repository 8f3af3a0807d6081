import { describe, expect, it } from "vitest";
import { pause, withDeadline } from "../../core/index.ts";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

const MIB = 2 ** 20;
const BATCH = { prompts: 8, group: 8, staleness: 2 };
/** Batches that the staleness bound lets be sampled ahead of the policy, the one in training included. */
const MOST_SAMPLES = (BATCH.staleness + 1) * BATCH.prompts * BATCH.group;
const POLL_MS = 100;
const WINDOW_MS = 4_000;
const MOST_GROWTH_BYTES = 16 * MIB;

describe("an updater that stops consuming", { timeout: 60_000 }, () => {
  it("bounds what is issued, stored, decided and held in memory, however long it stands; then the run ends", async () => {
    await using run = await openCoordinatedRun({ steps: 6, instances: 64, batch: BATCH });
    const coordinator = await run.start({ child: true });
    const cli = run.client("cli");
    const link = await run.nats.link("coordinator");
    const kept = async () => {
      const [ledger, rollouts, tasks] = await Promise.all(
        ["LEDGER_test", "ROLLOUTS_test", "TASKS_test"].map((name) => link.manager.streams.info(name)),
      );
      const [books] = (await cli.status()).balances;
      return {
        decided: ledger?.state.messages,
        stored: rollouts?.state.messages,
        storedBytes: rollouts?.state.bytes,
        queued: tasks?.state.messages,
        issued: books?.issued,
        accepted: books?.accepted,
      };
    };
    await using worker = await openScriptedWorker(run, "w1");
    await using trainer = await openScriptedTrainer(run);
    const peace = new AbortController();
    const working = worker.serve(peace.signal, (_, sample) => sample % 2);
    const held = await trainer.next();
    const isSampled = ({ accepted, queued }: Awaited<ReturnType<typeof kept>>) =>
      Number(accepted) === MOST_SAMPLES && queued === 0;
    const sampled = async () => {
      while (!isSampled(await kept())) await pause(POLL_MS);
    };
    await withDeadline("everything to be sampled that may be", 30_000, sampled());
    const before = await kept();
    const { residentBytes } = await coordinator.load();

    await pause(WINDOW_MS); // The window that is measured.

    expect(await kept()).toEqual(before);
    expect(before).toMatchObject({ issued: MOST_SAMPLES, accepted: MOST_SAMPLES, stored: MOST_SAMPLES });
    expect((await coordinator.load()).residentBytes - residentBytes).toBeLessThan(MOST_GROWTH_BYTES);
    await trainer.publish(held?.step ?? 0);
    await trainer.trainAll();
    await withDeadline("the run to end", 30_000, coordinator.ended);
    peace.abort();
    await working;
  });
});
