import type { PageProps } from "../app.tsx";
import { useAsked } from "../ask.ts";
import type { LaneView, LedgerView } from "../index.ts";
import { count } from "../numbers.ts";
import { Visible } from "../parts/visible.tsx";
import { Flow } from "./flow.tsx";

/** The books: what became of every sample, and whether they balance. */
export function LedgerPage({ live: { status } }: PageProps) {
  const { value: ledger, failure } = useAsked<LedgerView>(
    "ledger",
    `${status?.newest} ${status?.step} ${status?.state}`,
  );
  if (ledger === null) return <p class="quiet">{failure ?? "loading …"}</p>;
  const lanes = ledger.lanes.filter(({ issued }) => issued > 0);
  return (
    <>
      <h1>Ledger</h1>
      {lanes.length === 0 && <p class="quiet">nothing was issued yet</p>}
      {lanes.map((lane) => (
        <section key={lane.lane}>
          <h2>{lane.lane === "train" ? "Training" : "Evaluation"}</h2>
          <Balance lane={lane} />
          <Flow lane={lane} />
        </section>
      ))}
      <Reasons ledger={ledger} />
      <SetAside ledger={ledger} />
    </>
  );
}

function Balance({ lane }: { readonly lane: LaneView }) {
  const { issued, accepted, rejected, expired, outstanding, trained, skipped, evaluated, waiting } = lane;
  const isRight =
    issued === accepted + rejected + expired + outstanding &&
    accepted === trained + skipped + evaluated + waiting;
  return (
    <p class={`balance ${isRight ? "good" : "bad"}`}>
      <strong>{isRight ? "the books balance" : "THE BOOKS DO NOT BALANCE"}</strong>
      <span>
        {count(issued)} issued = {count(accepted)} accepted + {count(rejected)} rejected + {count(expired)}{" "}
        expired + {count(outstanding)} outstanding
      </span>
      <span>
        {count(accepted)} accepted = {count(trained)} trained + {count(skipped)} skipped + {count(evaluated)}{" "}
        evaluated + {count(waiting)} waiting
      </span>
      {lane.duplicates > 0 && (
        <span>{count(lane.duplicates)} deliveries came twice and were counted once</span>
      )}
    </p>
  );
}

function Reasons({ ledger: { reasons } }: { readonly ledger: LedgerView }) {
  if (reasons.length === 0) return null;
  return (
    <section>
      <h2>Not trained on, by reason</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">lane</th>
            <th scope="col">became</th>
            <th scope="col">reason</th>
            <th scope="col" class="n">
              samples
            </th>
          </tr>
        </thead>
        <tbody>
          {reasons
            .toSorted((a, b) => b.samples - a.samples)
            .map(({ lane, outcome, reason, samples }) => (
              <tr key={`${lane} ${outcome} ${reason}`}>
                <td>{lane}</td>
                <td>{outcome}</td>
                <td>
                  <Visible text={reason} />
                </td>
                <td class="n">{count(samples)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

function SetAside({ ledger: { setAside } }: { readonly ledger: LedgerView }) {
  if (setAside.length === 0) return null;
  return (
    <section>
      <h2>Instances set aside</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">instance</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {setAside.map(({ instance, reason }) => (
            <tr key={instance}>
              <td>
                <Visible text={instance} />
              </td>
              <td class="wide">
                <Visible text={reason} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
