/**
 * Instants between two durable effects at which a test has a process killed. Nothing happens unless the environment
 * says so:
 *
 *     FLEET_CRASH_AT     one of the names below
 *     FLEET_CRASH_MARK   a file that is not there; the process that makes it is the one that dies
 *     FLEET_CRASH_AFTER  how often each process passes the point before (default 0)
 *
 * The variables are inherited, and the mark can be made once: of all processes of a run one dies, once.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";

/** Every crash point, by process. Each name has exactly one call. */
export const CRASH_POINTS = [
  // `fleet train`
  "train.after-folder", // the run's folder is there | its secrets are
  "train.after-secrets", // the secrets are written | run.yaml is
  "train.after-config", // run.yaml is there | nats-server is started
  "train.after-nats", // nats-server's port is recorded | the coordinator is started

  // any process that writes a small file
  "file.after-write", // the temporary file is written | its bytes are synced
  "file.after-fsync", // the temporary file is synced | it has its name
  "file.after-rename", // the file has its name | the folder is synced

  // coordinator: opening, closing
  "open.after-streams", // the run's streams are there | the run is in the ledger
  "open.after-append", // `opened` is appended | the policy pointer is repaired
  "open.after-pointer", // the policy pointer is repaired | the port is recorded
  "end.after-archive", // everything is archived | `ended` is appended
  "end.after-append", // `ended` is appended | the summary is written

  // coordinator: ledger
  "ledger.before-append", // it is decided, and payloads are stored | the events are appended
  "ledger.after-append", // the events are appended | what waits for them goes out

  // coordinator: issuing and leasing
  "dispatch.after-reference", // a large reference is stored | the task that names it is in the queue
  "dispatch.before-publish", // a task or its replacement is in the ledger | it is in the queue
  "dispatch.after-publish", // one task is in the queue | the next is
  "lease.after-append", // `leased` is appended | the worker is answered

  // coordinator: collecting
  "collect.after-store", // the rollout is stored | `accepted` is appended
  "collect.after-append", // `accepted` is appended | the worker is acknowledged
  "collect.after-store-partial", // the partial rollout is stored | `partial` is appended
  "collect.after-append-partial", // `partial` is appended | the worker is acknowledged
  "collect.after-append-failed", // a failure is appended | the worker is acknowledged
  "collect.after-append-release", // `released` is appended | the worker is acknowledged

  // coordinator: batches and policies
  "batches.after-open", // `trainer_opened` is appended | the trainer is told its epoch
  "batches.after-append", // `batched` is appended | the batch's first byte goes out
  "batches.after-send", // a batch has gone out | the next is waited for
  "publish.after-store", // the adapter is stored | `trained` is appended
  "publish.after-append", // `trained` is appended | the policy pointer is set
  "publish.after-pointer", // the policy pointer is set | the trainer is answered
  "rollback.after-append", // `rewound` is appended | the policy pointer is set
  "rollback.after-pointer", // the policy pointer is set | whoever asked is answered
  "skip.after-append", // `step_skipped` is appended | the policy pointer is set

  // coordinator: archive
  "archive.after-write", // a file's temporary is written | its bytes are synced
  "archive.after-fsync", // the temporary is synced | it has its name
  "archive.after-rollouts", // the range's rollouts have their file | its outcomes have theirs
  "archive.after-outcomes", // both files are there | `archived` is appended
  "archive.after-drop", // it is decided that old files make room | they are deleted
  "archive.after-append", // `archived` is appended | the stream is purged
  "archive.after-purge", // the stream is purged | the next range is read

  // worker
  "worker.after-lease", // a lease is granted | its samples are made
  "worker.before-deliver", // a sample is made and scored | it is handed over
  "worker.after-deliver", // a sample is acknowledged | the next one is
  "worker.after-release", // the release is acknowledged | the task's message is
  "worker.before-ack", // every sample is acknowledged | the task's message is
  "worker.after-ack", // the task's message is acknowledged | the next is pulled
  "spool.after-write", // a message's temporary file is written | it has its name
  "spool.after-rename", // the file has its name | memory lets the message go
  "spool.before-remove", // the message is answered | its file is removed
  "worker.after-load", // an adapter is fetched and loaded | it is active

  // updater
  "session.after-open", // the trainer's epoch is in the ledger | it publishes or trains
  "step.before-optimizer", // the batch's gradient is there | the optimizer's step
  "step.after-optimizer", // the optimizer's step is made | the checkpoint is written
  "rewind.after-fetch", // the older policy's adapter is fetched | the checkpoint of its new step is written
  "checkpoint.after-write", // the checkpoint's temporary is written | its bytes are synced
  "checkpoint.after-fsync", // the temporary is synced | it has its name
  "checkpoint.after-rename", // the checkpoint has its name | older ones are removed
  "step.before-publish", // the checkpoint is durable | the policy is published
  "step.after-publish", // the policy is published | the next batch is trained
] as const;

/** The name of a crash point. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

const wanted = process.env["FLEET_CRASH_AT"];
let passesLeft = Number(process.env["FLEET_CRASH_AFTER"] ?? 0);

/** Ends this process as SIGKILL does, if the environment asks for it here and no process has died there yet. */
export function crashPoint(name: CrashPoint): void {
  if (wanted === undefined || wanted !== name) return;
  if (passesLeft-- > 0 || !leaveMark(name)) return;
  process.kill(process.pid, "SIGKILL");
}

/** False when another process was first. */
function leaveMark(name: CrashPoint): boolean {
  try {
    const mark = openSync(process.env["FLEET_CRASH_MARK"] ?? "", "wx");
    writeSync(mark, `${name} ${process.pid}\n`);
    closeSync(mark);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
