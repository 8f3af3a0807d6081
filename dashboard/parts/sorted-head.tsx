interface HeadProps {
  readonly name: string;
  readonly label: string;
  readonly sort: string;
  readonly order: string;
  readonly isNumber?: boolean;
  /** Null where the order is given. */
  readonly onSort: ((sort: string, order: "asc" | "desc") => void) | null;
}

/** The head of a column that a table can be in the order of. */
export function SortedHead({ name, label, sort, order, isNumber = false, onSort }: HeadProps) {
  const isChosen = sort === name;
  const next = isChosen && order === "desc" ? "asc" : "desc";
  const state = isChosen ? (order === "desc" ? "descending" : "ascending") : "none";
  return (
    <th scope="col" class={isNumber ? "n" : ""} aria-sort={state}>
      <button type="button" class="head" disabled={onSort === null} onClick={() => onSort?.(name, next)}>
        {label}
        <span aria-hidden="true">{isChosen ? (order === "desc" ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}
