import { describe, expect, test } from "vitest";
import { createRunStreams, StreamConfigError } from "../../transport/index.ts";
import { openTestNats } from "../support/nats.ts";

describe("a run's streams", () => {
  const options = { lanes: ["train"], variants: ["base"], ackWaitMs: 1_000, presenceTtlMs: 5_000 };

  test("can be made again, with another wait", async () => {
    await using nats = await openTestNats({ streams: options });
    const link = await nats.link("coordinator");

    await createRunStreams(link, nats.run, options);
    await createRunStreams(link, nats.run, { ...options, ackWaitMs: 2_000 });
  });

  test("that are not as asked are refused by the name of the setting", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("coordinator");
    await link.manager.streams.add({ name: "LEDGER_test", subjects: ["ledger.test"], discard: "new" });

    await expect(createRunStreams(link, nats.run, options)).rejects.toThrow(
      new StreamConfigError("stream LEDGER_test has deny_delete false where true was asked for"),
    );
  });

  test("need a run id that can be part of their names", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("coordinator");

    await expect(createRunStreams(link, "Other Run", options)).rejects.toThrow('"Other Run" is not a run id');
  });
});
