import { availableParallelism, freemem, totalmem } from "node:os";
import type { Command } from "commander";
import { listDevices } from "../../llama/index.ts";
import { findNatsServer } from "../../transport/index.ts";
import { describeError, EXIT } from "../exit.ts";
import { note, print, printJson } from "../print.ts";

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  /** Whether a run can do with it. */
  readonly works: boolean;
  readonly detail: string;
}

/** `fleet doctor`: what this machine offers. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("what this machine offers: Node, llama.cpp's libraries, devices, nats-server, memory")
    .option("--setup", "make what is missing, and say only what was made or does not work")
    .option("--json", "for scripts")
    .addHelpText("after", "\nExample:\n  fleet doctor")
    .action(examine);
}

async function examine(options: { setup?: true; json?: true }): Promise<void> {
  const findings = [node(), memory(), ...devices(), await natsServer()];
  const bad = findings.filter((finding) => !finding.works);
  if (bad.some((finding) => finding.what !== "device")) process.exitCode = EXIT.mistake;
  if (options.json) return printJson(findings);
  const shown = options.setup ? findings.filter(({ what, works }) => !works && what !== "device") : findings;
  for (const finding of shown) print(`${markOf(finding)} ${finding.what.padEnd(12)} ${finding.detail}`);
}

/** A device that is not there is no fault: the CPU does. */
function markOf({ what, works }: Finding): string {
  if (works) return "✓";
  return what === "device" ? "–" : "✗";
}

function node(): Finding {
  return { what: "node", works: true, detail: `${process.version}, ${process.platform} ${process.arch}` };
}

function memory(): Finding {
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const detail = `${availableParallelism()} cores, ${gibibytes(freemem())} of ${gibibytes(totalmem())} free`;
  return { what: "machine", works: true, detail };
}

function devices(): Finding[] {
  return listDevices().map(({ device, works, detail }) => ({
    what: device === "cpu" ? "llama.cpp" : "device",
    works,
    detail: `${device}: ${detail}`,
  }));
}

async function natsServer(): Promise<Finding> {
  try {
    const { path, version } = await findNatsServer({ onProgress: note });
    return { what: "nats-server", works: true, detail: `${version}, ${path}` };
  } catch (error) {
    return { what: "nats-server", works: false, detail: describeError(error) };
  }
}
