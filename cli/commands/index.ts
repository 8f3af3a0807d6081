import type { Command } from "commander";

type AddCommands = (program: Command) => void;

/** A file of this folder. */
interface CommandFile {
  /** The commands that it adds. */
  readonly names: readonly string[];
  load(): Promise<AddCommands>;
}

/** In the order of `fleet --help`. */
const FILES: readonly CommandFile[] = [
  { names: ["train"], load: async () => (await import("./train.ts")).addTrainCommand },
  { names: ["sft"], load: async () => (await import("./sft.ts")).addSftCommand },
  { names: ["export"], load: async () => (await import("./export.ts")).addExportCommand },
  { names: ["status"], load: async () => (await import("./status.ts")).addStatusCommand },
  { names: ["top"], load: async () => (await import("./top.ts")).addTopCommand },
  { names: ["dashboard"], load: async () => (await import("./dashboard.ts")).addDashboardCommand },
  { names: ["rollouts"], load: async () => (await import("./rollouts.ts")).addRolloutsCommand },
  { names: ["rollout"], load: async () => (await import("./rollout.ts")).addRolloutCommand },
  { names: ["trace"], load: async () => (await import("./trace.ts")).addTraceCommand },
  { names: ["plot"], load: async () => (await import("./plot.ts")).addPlotCommand },
  { names: ["query"], load: async () => (await import("./query.ts")).addQueryCommand },
  { names: ["reward"], load: async () => (await import("./reward.ts")).addRewardCommand },
  { names: ["ledger"], load: async () => (await import("./ledger.ts")).addLedgerCommand },
  {
    names: ["pause", "unpause", "stop", "policy"],
    load: async () => (await import("./control.ts")).addControlCommands,
  },
  { names: ["dataset"], load: async () => (await import("./dataset.ts")).addDatasetCommand },
  { names: ["model"], load: async () => (await import("./model.ts")).addModelCommand },
  { names: ["probe"], load: async () => (await import("./probe.ts")).addProbeCommand },
  { names: ["bench"], load: async () => (await import("./bench.ts")).addBenchCommand },
  { names: ["kernels"], load: async () => (await import("./kernels.ts")).addKernelsCommand },
  { names: ["doctor"], load: async () => (await import("./doctor.ts")).addDoctorCommand },
  { names: ["autoscaler"], load: async () => (await import("./autoscaler.ts")).addAutoscalerCommand },
  {
    names: ["coordinator", "worker", "updater"],
    load: async () => (await import("./roles.ts")).addRoleCommands,
  },
];

/**
 * What adds the command that was asked for: a process loads what it needs and nothing else. All of them, where it is
 * none of ours.
 */
export async function commandsFor(name: string | undefined): Promise<AddCommands[]> {
  const asked = FILES.filter(({ names }) => name !== undefined && names.includes(name));
  return Promise.all((asked.length > 0 ? asked : FILES).map(({ load }) => load()));
}
