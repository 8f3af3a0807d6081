import { describe, expect, it } from "vitest";
import { findHelm, render } from "../support/helm.ts";

const SCALED = "helm/examples/spot-and-fixed.yaml";

const helm = findHelm();

describe.skipIf(helm === null)("an upgrade", () => {
  /** What makes pods, by name, with the pods that it makes. */
  const podsOf = (set: readonly string[]) =>
    new Map(
      render(helm ?? "", SCALED, { set: ["secrets.existingSecret=mine", ...set] })
        .filter(({ kind }) => ["StatefulSet", "Deployment"].includes(kind))
        .map(({ metadata, spec }) => [metadata.name.replace("my-run-", ""), JSON.stringify(spec.template)]),
    );
  const before = helm === null ? new Map() : podsOf([]);

  it.each([
    ["the most workers of a pool", "workers[1].scaling.max=4", ["coordinator"]],
    ["when a silent worker is given up", "run.leases.ackWaitMs=60000", ["coordinator"]],
    ["what the streams may take", "run.storage.rolloutsMiB=512", ["coordinator"]],
    ["how a worker behaves", "run.worker.liveGroups=4", ["coordinator", "worker-fixed", "worker-spot"]],
    ["which checkpoints are kept", "run.checkpoints.keepLast=5", ["coordinator", "updater"]],
    ["the number of steps", "run.steps=500", ["coordinator", "updater"]],
    ["the slots of a pool", "workers[0].slots=24", ["worker-fixed"]],
  ])("that changes %s (%s) restarts whom that concerns, and nobody else", (_, pair, concerned) => {
    const after = podsOf([pair]);

    const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
    expect(changed.sort()).toEqual(concerned);
  });
});
