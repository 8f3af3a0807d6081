import type { RolloutView } from "../index.ts";
import { count, decimal } from "../numbers.ts";
import { toneOf, verdictOf } from "../parts/rollout-table.tsx";
import { Scroll } from "../parts/scroll.tsx";

/** The other rollouts of the same prompt, and what each one's reward is worth beside theirs. */
export function Group({ rollout }: { readonly rollout: RolloutView }) {
  const { group, advantages, sequence, outcome, lane } = rollout;
  if (group.length < 2) return null;
  const about = outcome === "trained" ? "as they were trained on" : "as they would be over all that are here";
  return (
    <section>
      <h2>Its group, {group.length} replies to one prompt</h2>
      <Scroll label="group">
        <table class="group">
          <thead>
            <tr>
              <th scope="col" class="n">
                sample
              </th>
              <th scope="col" class="n">
                reward
              </th>
              <th scope="col" class="n">
                advantage
              </th>
              <th scope="col">verdict</th>
              <th scope="col">became</th>
              <th scope="col" class="n">
                policy
              </th>
              <th scope="col" class="n">
                tokens
              </th>
            </tr>
          </thead>
          <tbody>
            {group.map((member, index) => (
              <tr key={member.sequence} class={member.sequence === sequence ? "chosen" : ""}>
                <td class="n">
                  <a
                    href={`#/rollouts/${member.sequence}`}
                    aria-current={member.sequence === sequence ? "true" : undefined}
                  >
                    {member.sample}
                  </a>
                </td>
                <td class={`n ${toneOf(member)}`}>{decimal(member.reward, 4)}</td>
                <td class="n">{advantage(advantages[index] ?? null)}</td>
                <td>{verdictOf(member)}</td>
                <td>{member.outcome}</td>
                <td class="n">{member.version}</td>
                <td class="n">{count(member.tokens)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {lane === "train" && <p class="quiet">advantages {about}, before any penalty per token</p>}
    </section>
  );
}

function advantage(value: number | null): string {
  if (value === null) return "";
  return value > 0 ? `+${decimal(value, 3)}` : decimal(value, 3);
}
