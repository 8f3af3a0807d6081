import type { ComponentType } from "preact";
import { useMemo, useState } from "preact/hooks";
import { type Live, useLive } from "./ask.ts";
import type { StatusView } from "./index.ts";
import { useKeyboard, useKeys } from "./keys.ts";
import { count, duration } from "./numbers.ts";
import { DataPageView } from "./pages/data.tsx";
import { FleetPage } from "./pages/fleet.tsx";
import { LedgerPage } from "./pages/ledger.tsx";
import { RolloutPage } from "./pages/rollout.tsx";
import { RolloutsPage } from "./pages/rollouts.tsx";
import { RunPage } from "./pages/run.tsx";
import { KeyHelp } from "./parts/key-help.tsx";
import { go, type Route, useRoute } from "./route.ts";
import { toggleTheme, useTheme } from "./theme.ts";

/** What a page is given. */
export interface PageProps {
  readonly route: Route;
  readonly live: Live;
}

const PAGES: Readonly<
  Record<string, { readonly label: string; readonly key: string; readonly Page: ComponentType<PageProps> }>
> = {
  run: { label: "Run", key: "r", Page: RunPage },
  fleet: { label: "Fleet", key: "f", Page: FleetPage },
  rollouts: { label: "Rollouts", key: "o", Page: RolloutsPage },
  ledger: { label: "Ledger", key: "l", Page: LedgerPage },
  data: { label: "Data", key: "d", Page: DataPageView },
};

/** The frame: which page, the run's state, and keys that work everywhere. */
export function App({ refusal }: { readonly refusal: string | null }) {
  const route = useRoute();
  const live = useLive();
  const theme = useTheme();
  const [hasHelp, setHelp] = useState(false);
  const keys = useMemo(
    () => ({
      "?": () => setHelp((shown) => !shown),
      Escape: () => setHelp(false),
      t: toggleTheme,
      ...Object.fromEntries(
        Object.entries(PAGES).map(([page, { key }]) => [`g ${key}`, () => go(`/${page}`)]),
      ),
    }),
    [],
  );
  useKeys(keys);
  useKeyboard();
  if (refusal !== null) return <Refused reason={refusal} />;
  const isRollout = route.page === "rollouts" && route.rest !== "";
  const Page = isRollout ? RolloutPage : (PAGES[route.page]?.Page ?? RunPage);
  return (
    <>
      <header>
        <div class="top">
          <a class="brand" href="#/run">
            {live.status?.run ?? "rollout-fleet"}
          </a>
          <nav aria-label="pages">
            {Object.entries(PAGES).map(([page, { label, key }]) => (
              <a
                key={page}
                href={`#/${page}`}
                title={`g ${key}`}
                aria-current={route.page === page ? "page" : undefined}
              >
                {label}
              </a>
            ))}
          </nav>
          <div class="top-end">
            <button type="button" class="plain" onClick={toggleTheme} title="t">
              {theme === "dark" ? "light" : "dark"}
            </button>
            <button type="button" class="plain" onClick={() => setHelp(true)} title="?">
              keys
            </button>
          </div>
        </div>
        <StateLine live={live} />
      </header>
      <main>
        <Page route={route} live={live} />
      </main>
      {hasHelp && <KeyHelp onClose={() => setHelp(false)} />}
    </>
  );
}

const NOT_CONNECTED = 'what is shown is as it was last; a run that is over is shown by "fleet dashboard"';
const OVER = '"fleet dashboard" shows it from here on';

/** What the run does at this moment, on every page. */
function StateLine({ live: { status, isConnected, refusal } }: { readonly live: Live }) {
  if (status === null) return <p class="state quiet">{refusal || "connecting …"}</p>;
  const isOver = status.state === "ended" || status.state === "failed";
  const isKnown = isConnected || isOver;
  return (
    <p class="state" aria-live="off">
      <span class={`pill ${isKnown ? status.state : "gone"}`}>
        {isKnown ? status.state : "not connected"}
      </span>
      {figuresOf(status).map((figure) => (
        <span key={figure}>{figure}</span>
      ))}
      {status.waitingFor !== "" && <strong>waiting for {status.waitingFor}</strong>}
      {status.reason !== "" && <span>{status.reason}</span>}
      {!isConnected && <span>{refusal || (isOver ? OVER : NOT_CONNECTED)}</span>}
    </p>
  );
}

function figuresOf({ isLive, step, steps, tokensPerSecond, workers, seconds }: StatusView): string[] {
  return [
    `step ${count(step)} of ${count(steps)}`,
    ...(isLive
      ? [
          `${count(tokensPerSecond)} tok/s`,
          `${workers.length} ${workers.length === 1 ? "worker" : "workers"}`,
        ]
      : []),
    duration(seconds),
  ];
}

function Refused({ reason }: { readonly reason: string }) {
  return (
    <main class="refused">
      <h1>rollout-fleet</h1>
      <p>{reason}</p>
    </main>
  );
}
