import { createHash } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readSecrets } from "../../../../cli/local/secrets.ts";
import { RunFolder } from "../../../../cli/run-folder.ts";
import { createRunSecrets } from "../../../../transport/index.ts";
import { readAdapter } from "../../../../updater/checkpoints/read-adapter.ts";
import { CheckpointConfig, openCheckpointStore } from "../../../../updater/index.ts";
import { checkpointThat, CHECKPOINT_IDENTITY as IDENTITY } from "../../../support/checkpoints.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";
import type { FuzzTarget } from "../target.ts";

/** Where a run's processes listen. */
export const endpoints: FuzzTarget = {
  name: "endpoints",
  samples: () => [
    Buffer.from("{}"),
    Buffer.from(
      JSON.stringify({
        nats: { url: "nats://127.0.0.1:4222", port: 4222 },
        coordinator: { host: "127.0.0.1", port: 4223 },
      }),
    ),
  ],
  read: async (_, fileOf) => {
    const path = await fileOf("endpoints.json");
    const { nats, coordinator } = await new RunFolder(dirname(path), ".").endpoints();
    [nats?.url.length, nats?.port.toFixed(), coordinator?.host.length, coordinator?.port.toFixed()];
    return [];
  },
};

/** A run's token and passwords. */
export const secrets: FuzzTarget = {
  name: "secrets",
  samples: () => [Buffer.from(JSON.stringify(createRunSecrets()))],
  read: async (_, fileOf) => {
    const folder = new RunFolder(dirname(await fileOf("secrets.json")), ".");
    await mkdir(dirname(folder.secrets), { recursive: true });
    await rename(join(folder.path, "secrets.json"), folder.secrets);
    const { token, users } = await readSecrets(folder);
    for (const { user, password } of Object.values(users)) [token.length, user.length, password.length];
    return [];
  },
};

const DIGEST_BYTES = 32;

/** A checkpoint of the updater, as it resumes from it and as an export reads its adapter. */
export const checkpoint: FuzzTarget = {
  name: "checkpoint",
  samples: async () => {
    await using folder = await openTemporaryFolder();
    const store = await openCheckpointStore(folder.file("c"), IDENTITY, CheckpointConfig.parse({}));
    await store.save(checkpointThat({}));
    return [await readFile(folder.file("c/step-00000001.checkpoint"))];
  },
  seal: (input) => {
    const body = input.subarray(0, Math.max(0, input.length - DIGEST_BYTES));
    return Buffer.concat([body, createHash("sha256").update(body).digest()]);
  },
  read: async (_, fileOf) => {
    const folder = dirname(await fileOf("step-00000001.checkpoint"));
    const store = await openCheckpointStore(folder, IDENTITY, CheckpointConfig.parse({}));
    await store.newest();
    await readAdapter(folder);
    return [];
  },
};
