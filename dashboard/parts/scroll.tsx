import type { ComponentChildren } from "preact";

interface ScrollProps {
  readonly label: string;
  /** Of its look; "scroll" for what is wider than the page. */
  readonly kind?: "scroll" | "long";
  readonly children: ComponentChildren;
}

/** What scrolls by itself: with a name, and reachable by keyboard. */
export function Scroll({ label, kind = "scroll", children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class={kind} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
