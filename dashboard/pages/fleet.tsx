import type { PageProps } from "../app.tsx";
import { useAsked } from "../ask.ts";
import type { FleetView, StatusView, WorkerView } from "../index.ts";
import { count, duration } from "../numbers.ts";
import { Scroll } from "../parts/scroll.tsx";
import { Spark } from "../parts/spark.tsx";
import { Visible } from "../parts/visible.tsx";
import { Stays } from "./stays.tsx";

/** Who works, with what, on which policy; what is stuck; who came and went. */
export function FleetPage({ live: { status } }: PageProps) {
  const { value: fleet } = useAsked<FleetView>("fleet", JSON.stringify(status?.workers ?? []));
  if (status === null) return <p class="quiet">loading …</p>;
  return (
    <>
      <h1>Fleet</h1>
      <Stuck status={status} />
      <section>
        <h2>Workers</h2>
        {status.workers.length === 0 ? (
          <p class="quiet">{status.isLive ? "no worker is here" : "the run is not running"}</p>
        ) : (
          <Workers status={status} fleet={fleet} />
        )}
      </section>
      {fleet !== null && fleet.stays.length > 0 && (
        <section>
          <h2>Who came and went</h2>
          <Stays fleet={fleet} />
        </section>
      )}
    </>
  );
}

function Stuck({ status: { waits, isLive } }: { readonly status: StatusView }) {
  if (!isLive) return null;
  return (
    <section>
      <h2>What waits longest</h2>
      {waits.length === 0 ? (
        <p class="quiet">nothing waits</p>
      ) : (
        <Scroll label="what waits longest">
          <table>
            <thead>
              <tr>
                <th scope="col">waits for</th>
                <th scope="col">on</th>
                <th scope="col" class="n">
                  for
                </th>
                <th scope="col" class="n">
                  at most
                </th>
              </tr>
            </thead>
            <tbody>
              {waits.map((wait) => (
                <tr key={`${wait.what} ${wait.on}`} class={isLate(wait) ? "late" : ""}>
                  <td class="wide">
                    <Visible text={wait.what} />
                  </td>
                  <td>
                    <Visible text={wait.on} />
                  </td>
                  <td class="n">{duration(wait.seconds)}</td>
                  <td class="n">{wait.deadlineSeconds === 0 ? "" : duration(wait.deadlineSeconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

/** Whether most of its time is over. */
function isLate({ seconds, deadlineSeconds }: StatusView["waits"][number]): boolean {
  return deadlineSeconds > 0 && seconds > 0.5 * deadlineSeconds;
}

function Workers({ status, fleet }: { readonly status: StatusView; readonly fleet: FleetView | null }) {
  return (
    <Scroll label="workers">
      <table>
        <thead>
          <tr>
            <th scope="col">worker</th>
            <th scope="col">pool</th>
            <th scope="col">device</th>
            <th scope="col">weights</th>
            <th scope="col">variant</th>
            <th scope="col" class="n">
              policy
            </th>
            <th scope="col">slots</th>
            <th scope="col">busy, 15 min</th>
            <th scope="col" class="n">
              tok/s
            </th>
          </tr>
        </thead>
        <tbody>
          {status.workers.map((worker) => (
            <tr key={worker.name}>
              <td>
                <Visible text={worker.name} />
              </td>
              <td>
                <Visible text={worker.pool} />
              </td>
              <td>
                <Visible text={worker.device} />
              </td>
              <td>{worker.quantization}</td>
              <td>{worker.variant}</td>
              <td class="n">
                {worker.policyVersion}
                {worker.policyVersion < status.step && <small> of {status.step}</small>}
              </td>
              <td>
                <Slots worker={worker} />
              </td>
              <td>
                <Spark
                  values={(fleet?.slots[worker.name] ?? []).map(({ busy }) => busy)}
                  least={0}
                  most={worker.slots}
                  label={`busy slots of ${worker.name}`}
                />
              </td>
              <td class="n">{count(worker.tokensPerSecond)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Slots({ worker: { slots, busySlots } }: { readonly worker: WorkerView }) {
  return (
    <span class="slots">
      <meter min={0} max={slots} value={busySlots} aria-label={`${busySlots} of ${slots} slots are busy`} />
      {busySlots}/{slots}
    </span>
  );
}
