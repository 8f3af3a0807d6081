/**
 * `make soak MINUTES=30`: a simulated fleet of 1,000 workers that come and go, and what it costs the coordinator. With
 * `UPDATER=gone` nobody trains what comes once the fleet is there.
 *
 * @module
 */
import { growthPerMinute, type SoakMinute, soak } from "./soak.ts";

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const plan = {
  minutes: number("MINUTES", 30),
  workers: number("WORKERS", 1_000),
  rolloutsPerMinute: number("ROLLOUTS", 10_000),
  tokens: number("TOKENS", 500),
  trains: process.env["UPDATER"] !== "gone",
};
/** Memory settles before. */
const SETTLED_AFTER = 5;
const MIB = 2 ** 20;

function describe({
  minute,
  accepted,
  residentBytes,
  delayP99Ms,
  outstanding,
  isBalanced,
}: SoakMinute): string {
  const books = isBalanced ? "balanced" : "DO NOT BALANCE";
  return `minute ${minute}: ${accepted} accepted, ${outstanding} outstanding, coordinator ${(residentBytes / MIB).toFixed(1)} MiB, event loop p99 ${delayP99Ms.toFixed(1)} ms, books ${books}`;
}

process.stdout.write(
  `${plan.workers} workers whose engines are clocks, ${plan.rolloutsPerMinute} rollouts of ${plan.tokens} tokens a minute, for ${plan.minutes} minutes\n`,
);
const minutes = await soak({ ...plan, onMinute: (minute) => process.stdout.write(`${describe(minute)}\n`) });
const accepted = minutes.reduce((sum, minute) => sum + minute.accepted, 0) / minutes.length;
process.stdout.write(`accepted a minute: ${accepted.toFixed(0)}\n`);
if (plan.minutes > SETTLED_AFTER + 1) {
  const growth = growthPerMinute(minutes, SETTLED_AFTER + 1) / MIB;
  process.stdout.write(`memory a minute after the first ${SETTLED_AFTER}: ${growth.toFixed(2)} MiB\n`);
}
process.stdout.write(
  `event loop p99, worst minute: ${Math.max(...minutes.map(({ delayP99Ms }) => delayP99Ms)).toFixed(1)} ms\n`,
);
if (!minutes.every(({ isBalanced }) => isBalanced)) process.exitCode = 1;
