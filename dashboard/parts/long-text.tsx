import { useState } from "preact/hooks";
import { count } from "../numbers.ts";
import { Scroll } from "./scroll.tsx";
import { Visible } from "./visible.tsx";

/** Characters that are shown at first, and more at each wish: a browser lays out a longer line for seconds. */
const AT_ONCE = 20_000;

/** A stranger's text of any length, as it is: lines kept, long ones wrapped. */
export function LongText({ text, label }: { readonly text: string; readonly label: string }) {
  const [shown, setShown] = useState(AT_ONCE);
  const left = text.length - shown;
  return (
    <Scroll kind="long" label={label}>
      <pre>
        <Visible text={text.slice(0, shown)} />
      </pre>
      {left > 0 && (
        <button type="button" onClick={() => setShown(shown + AT_ONCE)}>
          {count(left)} characters more
        </button>
      )}
    </Scroll>
  );
}
