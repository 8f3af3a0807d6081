import type { Command } from "commander";
import { ConfigError } from "../../core/index.ts";
import { parseAddress, parseDomain, parseNatsUrl } from "../parse.ts";
import { type ProbeGiven, probeRun } from "../pod/probe-run.ts";
import { print } from "../print.ts";

/** `fleet probe`: whether a worker that starts here could work. */
export function addProbeCommand(program: Command): void {
  program
    .command("probe")
    .description("go over the links that a worker has from this host, and change nothing")
    .requiredOption("--join <host:port>", "the coordinator", parseAddress)
    .requiredOption("--token-file <file>", "holds the run's token")
    .option("--ca <file>", "PEM of the authority of the coordinator's certificate; else plain text")
    .option("--certificate <file>", "PEM of this end's certificate, where the run asks for one")
    .option("--key <file>", "PEM of its key")
    .option("--nats <url>", "where to dial nats-server, if not where the coordinator says", parseNatsUrl)
    .option(
      "--nats-domain <name>",
      "the JetStream domain of the run, where that one is a leaf of the run's",
      parseDomain,
    )
    .addHelpText("after", "\nExample:\n  fleet probe --join coordinator:7000 --token-file token")
    .action(probe);
}

async function probe(given: ProbeGiven): Promise<void> {
  if ((given.certificate === undefined) !== (given.key === undefined))
    throw new ConfigError("--certificate and --key go together: name both, or neither");
  for await (const line of probeRun(given)) print(`✓ ${line}`);
}
