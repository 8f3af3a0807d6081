import { useEffect, useState } from "preact/hooks";

type Theme = "light" | "dark";

const KEY = "theme";
const listeners = new Set<() => void>();

/** Takes the theme that was chosen here before, else the system's; follows the system while none is chosen. */
export function startTheme(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
}

/** The theme as it is now. */
export function themeNow(): Theme {
  return document.documentElement.dataset["theme"] === "dark" ? "dark" : "light";
}

/** Changes to the other theme, and keeps to it in this browser. */
export function toggleTheme(): void {
  try {
    localStorage.setItem(KEY, themeNow() === "dark" ? "light" : "dark");
  } catch {
    document.documentElement.dataset["theme"] = themeNow() === "dark" ? "light" : "dark";
  }
  apply();
}

/** Draws again when the theme changes. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(themeNow());
  useEffect(() => {
    const look = () => setTheme(themeNow());
    listeners.add(look);
    return () => void listeners.delete(look);
  }, []);
  return theme;
}

function apply(): void {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset["theme"] = chosen() ?? system;
  for (const look of listeners) look();
}

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "dark" || kept === "light" ? kept : null;
  } catch {
    return null; // A browser that keeps nothing.
  }
}
