import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { cleanEnvironment } from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";
import type { VaultAccess } from "./vault-calls.ts";

/** The program `bao` to compare with, from the variable OPENBAO; undefined when none is given. */
export const openBaoPath: string | undefined = process.env["OPENBAO"];

/** An OpenBao in memory, on this machine's loopback. */
export class OpenBaoUnderTest implements VaultAccess {
  readonly address: string;
  readonly token = "root";
  readonly #program: RunningProgram;

  private constructor(program: RunningProgram, address: string) {
    this.#program = program;
    this.address = address;
  }

  /** Starts it and waits until it is unsealed. */
  static async start(path: string): Promise<OpenBaoUnderTest> {
    const listen = `127.0.0.1:${await freePort()}`;
    const args = ["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root", `-dev-listen-address=${listen}`];
    const program = new RunningProgram(
      spawn(path, args, { env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"] }),
    );
    await program.line(/^Root Token: root$/);
    return new OpenBaoUnderTest(program, `http://${listen}`);
  }

  async kill(): Promise<void> {
    this.#program.signal("SIGKILL");
    await this.#program.ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
