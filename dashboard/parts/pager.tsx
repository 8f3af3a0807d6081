import { count } from "../numbers.ts";

interface PagerProps {
  readonly from: number;
  readonly size: number;
  readonly total: number;
  onGo(from: number): void;
}

/** Which rows of how many, and the way to the others. */
export function Pager({ from, size, total, onGo }: PagerProps) {
  if (total === 0) return <p class="quiet">nothing fits</p>;
  const to = Math.min(total, from + size);
  return (
    <p class="pager">
      <span>
        {count(from + 1)}–{count(to)} of {count(total)}
      </span>
      <button type="button" disabled={from === 0} onClick={() => onGo(Math.max(0, from - size))}>
        before
      </button>
      <button type="button" disabled={to >= total} onClick={() => onGo(from + size)}>
        next
      </button>
    </p>
  );
}
