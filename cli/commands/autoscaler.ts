import { hostname } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { TelemetryConfig } from "../../telemetry/index.ts";
import { parseAddress, parsePositive } from "../parse.ts";
import { coordinatorOf, type JoinGiven } from "../pod/join-run.ts";
import { type HowRun, runRole } from "../run-role.ts";

interface AutoscalerGiven extends JoinGiven, Pick<HowRun, "metrics"> {
  readonly namespace: string;
  readonly release: string;
  readonly pool: ReadonlyMap<string, string>;
  readonly deletionCostsOnly?: true;
  readonly everySeconds: number;
  readonly kubeconfig?: string;
  readonly identity: string;
}

/** `fleet autoscaler`: sizes the pools of a run in a Kubernetes cluster as its coordinator says. */
export function addAutoscalerCommand(program: Command): void {
  program
    .command("autoscaler")
    .description("size the pools of a run on Kubernetes as its coordinator says")
    .requiredOption("--join <host:port>", "the coordinator", parseAddress)
    .requiredOption("--token-file <file>", "holds the run's token")
    .option("--ca <file>", "PEM of the authority of the coordinator's certificate; else plain text")
    .option("--certificate <file>", "PEM of this end's certificate, where the run asks for one")
    .option("--key <file>", "PEM of its key")
    .requiredOption("--namespace <name>", "where the pools' Deployments are")
    .requiredOption("--release <name>", "of Helm: pool p is the Deployment RELEASE-worker-p")
    .option("--pool <name=deployment>", "a pool whose Deployment is called otherwise", addPool, new Map())
    .option("--deletion-costs-only", "leave the replicas to KEDA, and say which pods go first")
    .option("--every-seconds <n>", "how often to ask", parsePositive, 5)
    .addOption(
      new Option("--kubeconfig <file>", "of the cluster, if not the one this runs in").env("KUBECONFIG"),
    )
    .option("--identity <name>", "unique among those that run at once", hostname())
    .option("--metrics <host:port>", "where /metrics, /startupz, /readyz and /livez are served", parseAddress)
    .addHelpText(
      "after",
      "\nExample:\n  fleet autoscaler --join my-run-coordinator:7000 --token-file /secrets/token --namespace runs --release my-run",
    )
    .action(startAutoscaler);
}

async function startAutoscaler(given: AutoscalerGiven): Promise<void> {
  const { runAutoscaler } = await import("../../autoscaler/index.ts");
  const { namespace, release, identity } = given;
  await runRole("autoscaler", { ...given, wait: 0 }, async ({ logger, patience, tell }) => {
    const options = {
      coordinator: await coordinatorOf(given),
      ...{ namespace, release, identity, logger },
      deployments: given.pool,
      writesReplicas: given.deletionCostsOnly !== true,
      kubeconfig: given.kubeconfig ?? null,
      everyMs: given.everySeconds * 1_000,
      telemetry: await tell({ run: release, name: identity, config: TelemetryConfig.parse({}) }),
    };
    await runAutoscaler(options, patience.stop);
  });
}

function addPool(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, name, deployment] = /^([a-z0-9-]+)=([a-z0-9.-]+)$/.exec(text) ?? [];
  if (name === undefined || deployment === undefined)
    throw new InvalidArgumentError(`"${text}" is not NAME=DEPLOYMENT.`);
  return new Map([...before, [name, deployment]]);
}
