import { execFileSync } from "node:child_process";

/** What a program took, by the operating system's accounting, with all that it started. */
export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

// Node tells only of itself what it took; what a child took, it does not.
const wrapper = `
import json, os, resource, sys, time
begin = time.monotonic()
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - begin
print(json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))
`;

/** Runs a program to its end. @throws Error when it fails */
export function runMeasured(python: string, command: readonly string[], environment: NodeJS.ProcessEnv): Usage {
  const env = { ...process.env, ...environment };
  const told = execFileSync(python, ["-c", wrapper, ...command], { env, encoding: "utf8" });
  const [exitCode, wallSeconds, cpuSeconds, peakKiB] = JSON.parse(told) as [number, number, number, number];
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed (${exitCode})`);
  return { wallMs: wallSeconds * 1000, cpuMs: cpuSeconds * 1000, peakMiB: peakKiB / 1024 };
}
