import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Where `make vault-up` leaves the process id for `make vault-down`. */
export const pidFile = join(tmpdir(), `coffer-vault-dev-${userInfo().uid}.pid`);
/** What that server says about itself. */
export const logFile = pidFile.replace(/pid$/, "log");
export const listen = process.env["VAULT_DEV_LISTEN"] ?? "127.0.0.1:8200";

/** Whether a process with this id runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
