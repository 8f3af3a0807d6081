import type { CoordinatedRun } from "./coordinated-run.ts";
import { openScriptedWorker } from "./scripted-worker.ts";

/**
 * Completes every group that is out, until a batch waits for its trainer; nobody trains.
 *
 * @param asked - gets each task's instance
 */
export async function sampleUntilBatch(
  run: CoordinatedRun,
  asked = new Map<string, string>(),
): Promise<void> {
  await using worker = await openScriptedWorker(run, "w1");
  const client = run.client("cli");
  const isBatched = async () => Number((await client.status()).balances[0]?.accepted) >= run.batchSamples;
  while (!(await isBatched())) {
    const pulled = await worker.work();
    asked.set(pulled.task.task, pulled.task.instance);
    for (const { sample } of pulled.granted.samples) {
      await worker.finish(pulled, pulled.granted, sample, { reward: sample % 2 });
    }
    pulled.ack();
  }
}
