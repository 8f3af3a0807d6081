import type { Row } from "./board.ts";
import { named, of, PROCESS } from "./queries.ts";

/** How every process of a run is. */
export const PROCESSES: Row = {
  title: "Processes",
  panels: [
    {
      title: "Ready",
      about: "1 while /readyz answers 200.",
      unit: "none",
      curves: [{ query: named(of("fleet_process_ready")), legend: PROCESS }],
    },
    {
      title: "Engine deaths",
      about: "Engines that died and were started again, since their process was.",
      unit: "none",
      curves: [
        { query: named(of("fleet_worker_engine_deaths_total")), legend: PROCESS },
        { query: named(of("fleet_updater_engine_deaths_total")), legend: PROCESS },
      ],
    },
    {
      title: "Sessions of updaters",
      about: "1 in a run that trains.",
      unit: "none",
      curves: [{ query: of("fleet_trainer_sessions"), legend: "{{fleet_run}}" }],
    },
    {
      title: "Memory",
      about: "Resident, of the process and of its children: the engine is one of them.",
      unit: "bytes",
      curves: [
        {
          query: named(of("fleet_process_memory_bytes", 'kind=~"resident|children"')),
          legend: `${PROCESS}: {{kind}}`,
        },
      ],
    },
    {
      title: "Event-loop delay",
      about: "99 % of the event loop's turns came sooner. Above a second, probes and heartbeats are late.",
      unit: "s",
      curves: [
        {
          query: named(of("fleet_process_event_loop_delay_seconds", 'statistic="p99"')),
          legend: PROCESS,
        },
      ],
    },
    {
      title: "Processor",
      about: "Cores that each process uses, without its children.",
      unit: "none",
      curves: [
        {
          query: named(`sum without (mode) (rate(${of("fleet_process_cpu_seconds_total")}[$window]))`),
          legend: PROCESS,
        },
      ],
    },
    {
      title: "Longest wait",
      about:
        "What each process has waited for longest has lasted for so long; `fleet status` says what it is.",
      unit: "s",
      curves: [{ query: named(of("fleet_process_wait_seconds")), legend: PROCESS }],
    },
  ],
};
