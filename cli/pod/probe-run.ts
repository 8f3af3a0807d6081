import { FleetError } from "../../core/index.ts";
import { BASE_VARIANT, openFleetClient, openNats, openPolicyPointer } from "../../transport/index.ts";
import { coordinatorOf, type JoinGiven } from "./join-run.ts";

/** A link of the run answers, and not with what it should. */
class ProbeFailedError extends FleetError {
  readonly code = "cli.probe_failed";
  readonly disposition = "fatal";
}

/** What a run is asked with, and what it said. */
export interface ProbeGiven extends JoinGiven {
  /** Where to dial nats-server, if not where the coordinator says. */
  readonly nats?: string;
  /** The JetStream domain that has the run, where that nats-server is a leaf of the run's. */
  readonly natsDomain?: string;
}

/** No run has a task of this name. */
const NO_TASK = "probe";
const NAME = "probe";

/**
 * Goes over the links that a worker has, with a worker's rights, and changes nothing: asks gRPC's health service, joins,
 * reads the policy pointer from nats-server, and asks for the lease of a task that is not there, which the ledger answers.
 *
 * @returns a line for each link, in the order in which they were asked
 * @throws FleetErrors of the link that does not answer
 */
export async function* probeRun(given: ProbeGiven): AsyncGenerator<string> {
  const coordinator = await coordinatorOf(given);
  await using client = openFleetClient({ ...coordinator, name: NAME });
  const health = await client.health();
  if (health !== "SERVING")
    throw new ProbeFailedError(`the coordinator at ${given.join} says ${health} of its health`);
  yield `health: ${health}, at ${given.join}`;
  const { run, natsUrl, natsUser, natsPassword } = await client.connect("worker");
  yield `coordinator: run ${run}`;
  const url = given.nats ?? natsUrl;
  await using nats = await openNats({
    url,
    tls: coordinator.tls,
    user: natsUser,
    password: natsPassword,
    ...(given.natsDomain !== undefined && { domain: given.natsDomain }),
    name: NAME,
    onChange: () => {},
  });
  const policy = await (await openPolicyPointer(nats, run)).get();
  yield `nats-server: ${policy === null ? "no policy yet" : `policy ${policy.version}`}, at ${url}`;
  const answer = await client.lease({ run, task: NO_TASK, dispatch: 0, worker: NAME, variant: BASE_VARIANT });
  if (!answer.settled) throw new ProbeFailedError("a lease of a task that is not there was not refused");
  yield "leases: answered from the ledger";
}
