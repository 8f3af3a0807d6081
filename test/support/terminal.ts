import { execFile } from "node:child_process";

/** Opens a terminal of a size and runs a command in it; what the command writes is written on. */
const PROGRAM = `
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    sys.stdout.buffer.write(part)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** Runs a command in a terminal that has colours, both of its outputs in one. Needs python3. */
export function runInTerminal(
  columns: number,
  command: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv> = {},
): Promise<{ code: number; output: string }> {
  // Node takes CI as a terminal without colours.
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...inherited } = process.env;
  const env = { ...inherited, TERM: "xterm-256color", ...environment };
  return new Promise((resolve) => {
    execFile("python3", ["-c", PROGRAM, String(columns), ...command], { env }, (error, stdout) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout.replaceAll("\r\n", "\n") });
    });
  });
}
