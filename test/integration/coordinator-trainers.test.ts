import { describe, expect, it } from "vitest";
import { withDeadline } from "../../core/index.ts";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { sampleUntilBatch } from "../support/sample-until-batch.ts";
import { adapterOf, openScriptedTrainer, sha256 } from "../support/scripted-trainer.ts";

describe("a trainer", { timeout: 60_000 }, () => {
  describe("One decides", () => {
    it("that asks again gets the same batch, and whoever asked before is told to end", async () => {
      await using run = await openCoordinatedRun({ steps: 1 });
      await run.start();
      await sampleUntilBatch(run);
      await using first = await openScriptedTrainer(run);
      const before = await first.next();

      await using second = await openScriptedTrainer(run);
      const again = await second.next();

      expect(again).toEqual(before);
      await expect(first.next()).rejects.toMatchObject({
        code: "coordinator.trainer_fenced",
        disposition: "fatal",
      });
      await expect(first.publish(1)).rejects.toMatchObject({ code: "coordinator.trainer_fenced" });
      expect(await second.publish(1)).toEqual({ version: 1 });
    });
  });

  describe("A batch is trained exactly once", () => {
    it("may publish a policy twice, but not another one of the same version", async () => {
      await using run = await openCoordinatedRun({ steps: 2 });
      await run.start();
      await sampleUntilBatch(run);
      await using trainer = await openScriptedTrainer(run);
      await trainer.next();
      await trainer.publish(1);

      const again = await trainer.publish(1);

      expect(again).toEqual({ version: 1 });
      await expect(trainer.publish(1, "another adapter")).rejects.toMatchObject({
        code: "coordinator.policy_refused",
        message: `policy 1 is adapter ${sha256(adapterOf(1))}; ${sha256("another adapter")} cannot be policy 1 too`,
      });
      await expect(trainer.skip(1)).rejects.toMatchObject({ code: "coordinator.policy_refused" });
      await expect(trainer.publish(2)).rejects.toMatchObject({
        message: "policy 2 has no batch; the ledger is at step 1",
      });
    });
  });

  it("makes no policy of an adapter that is not that of its digest, and takes the one that is", async () => {
    await using run = await openCoordinatedRun({ steps: 2 });
    await run.start();
    await sampleUntilBatch(run);
    await using trainer = await openScriptedTrainer(run);
    await trainer.next();
    const client = run.client("updater");
    const header = {
      run: run.run,
      step: 1,
      epoch: trainer.epoch,
      adapter: sha256(adapterOf(1)),
      metrics: {},
    };

    await expect(client.publishPolicy(header, Buffer.from("another adapter"))).rejects.toMatchObject({
      code: "transport.corrupt_object",
      disposition: "retry",
    });
    const { step } = await client.status();
    const published = await trainer.publish(1);

    expect([step, published]).toEqual([0, { version: 1 }]);
  });

  it("with a checkpoint that is one ahead publishes it again; one from elsewhere is refused", async () => {
    await using run = await openCoordinatedRun({ steps: 1 });
    const { ended } = await run.start();
    await sampleUntilBatch(run);

    const stranger = openScriptedTrainer(run, 3);
    await expect(stranger).rejects.toMatchObject({ code: "coordinator.checkpoint_mismatch" });
    await using ahead = await openScriptedTrainer(run, 1);
    await ahead.publish(1);
    const next = await ahead.next();

    expect(next).toBeNull();
    await withDeadline("the run to end", 20_000, ended);
  });
});
