import { useEffect } from "preact/hooks";

/** What keys do, by name: a character, or two with a blank between that are pressed one after the other. */
export type Keys = Readonly<Record<string, () => void>>;

/** Time in which the second of two keys must follow, in milliseconds. */
const CHORD_MS = 1_200;
const FIRST = "g";

const listening = new Set<Keys>();

/** Lets keys act while the component is there; where something is typed they are text. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    listening.add(keys);
    return () => void listening.delete(keys);
  }, [keys]);
}

/** Listens to the keyboard for all of {@link useKeys}; to be called once, by the page's frame. */
export function useKeyboard(): void {
  useEffect(() => {
    let firstAtMs = Number.NEGATIVE_INFINITY;
    const nameOf = (key: string): string => {
      const isSecond = performance.now() - firstAtMs < CHORD_MS;
      firstAtMs = key === FIRST && !isSecond ? performance.now() : Number.NEGATIVE_INFINITY;
      return isSecond ? `${FIRST} ${key}` : key;
    };
    const onKey = (event: KeyboardEvent) => {
      if (isModified(event) || isTyping(event.target) || isPressing(event)) return;
      const name = nameOf(event.key);
      const acts = [...listening].flatMap((keys) => keys[name] ?? []);
      if (acts.length > 0) event.preventDefault();
      for (const act of acts) act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** Whether the key presses what has the focus, or is for a dialog that is open, which only Escape and its own keys leave. */
function isPressing({ key, target }: KeyboardEvent): boolean {
  if (key === "Enter") return target instanceof Element && target.closest("a, button, summary") !== null;
  return key !== "Escape" && key !== "?" && document.querySelector("dialog[open]") !== null;
}

function isModified({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}

/** Whether keys are text there, or choose among options. */
function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|range|file)$/.test(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}
