import { describe, expect, it } from "vitest";
import { findHelm, refusal } from "../support/helm.ts";

const DEMO = "helm/examples/demo.yaml";

const helm = findHelm();

describe.skipIf(helm === null)("values of the chart", () => {
  it.each([
    ["run.modle.gguf=x", "'modle'"],
    ["run.local.workers[0].count=2", "'local'"],
    ["run.tls.mode=on", "'tls'"],
    ["run.batch.promts=3", "'promts'"],
    ["run.batch.group=many", "/run/batch/group"],
    ["wrokers[0].name=x", "'wrokers'"],
    ["workers[0].device=tpu", "/workers/0/device"],
    ["image.tag=latest", "/image/tag"],
    ["nats.image=nats:latest", "/nats/image"],
    ["nats.replicas=2", "/nats/replicas"],
    ["tls.enabled=true", "tls.enabled needs tls.existingSecret"],
    ["tls.mutual=true,tls.existingClientSecret=b", "tls.mutual needs tls.enabled"],
    ["nats.enabled=false", "nats.url is empty"],
    ["nats.url=nats://nats.messaging", "/nats/url"],
    ["workers[0].scaling.min=3,workers[0].scaling.max=2", "scaling.min 3, which is more than its max 2"],
    ["run.worker.drainTimeoutMs=90000", "more than drainSeconds allows"],
    ["autoscaler.kind=builtin", "no pool of workers has scaling"],
    ["model.source=pvc", "model.claimName is empty"],
  ])("refuses %s and says %s", (pair, said) => {
    expect(refusal(helm ?? "", DEMO, { set: [pair] })).toContain(said);
  });

  it("refuses a release whose name is no run's id", () => {
    expect(refusal(helm ?? "", DEMO, { release: "my.run" })).toContain("1 to 40 of a-z, 0-9 and hyphens");
  });
});
