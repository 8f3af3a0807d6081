import type { Command } from "commander";
import type { ControlAnswer } from "../../proto/index.ts";
import type { FleetClient } from "../../transport/index.ts";
import { chooseRunningRun, connectToRun, type RunningRunChoice } from "../open-run.ts";
import { parseCount } from "../parse.ts";
import { print } from "../print.ts";
import { rollBack } from "../roll-back.ts";

/** `fleet pause | unpause | stop | policy rollback`: steer a running run. */
export function addControlCommands(program: Command): void {
  chooseRunningRun(program.command("pause"))
    .description("issue no new tasks; what is out is finished and kept")
    .addHelpText("after", "\nExample:\n  fleet pause --run demo-20260101-120000")
    .action((choice: RunningRunChoice) => steer(choice, (client) => client.pause()));
  chooseRunningRun(program.command("unpause"))
    .description("go on after a pause")
    .addHelpText("after", "\nExample:\n  fleet unpause")
    .action((choice: RunningRunChoice) => steer(choice, (client) => client.unpause()));
  chooseRunningRun(program.command("stop"))
    .description("end the run after a step, with its final evaluation")
    .requiredOption("--after-step <n>", "last step to train", parseCount)
    .addHelpText("after", "\nExample:\n  fleet stop --after-step 20")
    .action((choice: RunningRunChoice & { afterStep: number }) =>
      steer(choice, (client) => client.stopAfter(choice.afterStep)),
    );
  const policy = program.command("policy").description("the versions of a run's policy");
  chooseRunningRun(policy.command("rollback").argument("<version>", "the version to go back to", parseCount))
    .description("make the next version of an older one, and train on from it")
    .addHelpText("after", "\nExample:\n  fleet policy rollback 12")
    .action(rollback);
}

async function rollback(version: number, choice: RunningRunChoice): Promise<void> {
  const { folder, client } = await connectToRun(choice);
  await using _ = client;
  print(await rollBack(client, folder, version));
}

async function steer(
  choice: RunningRunChoice,
  call: (client: FleetClient) => Promise<ControlAnswer>,
): Promise<void> {
  const { client } = await connectToRun(choice);
  await using _ = client;
  print((await call(client)).message);
}
