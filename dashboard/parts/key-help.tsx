import { useEffect, useRef } from "preact/hooks";

const KEYS: readonly (readonly [string, string])[] = [
  ["g r", "Run"],
  ["g f", "Fleet"],
  ["g o", "Rollouts"],
  ["g l", "Ledger"],
  ["g d", "Data"],
  ["/", "search"],
  ["j, k", "next, previous rollout"],
  ["Enter", "open it"],
  ["u", "from a rollout back to the list"],
  ["← →", "token by token, where the tokens have the focus"],
  ["r", "take in what is new"],
  ["t", "dark or light"],
  ["?", "this"],
];

/** What keys do. */
export function KeyHelp({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-label="keys" onClose={onClose}>
      <h2>Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        close
      </button>
    </dialog>
  );
}
