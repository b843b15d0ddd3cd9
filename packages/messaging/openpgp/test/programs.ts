import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryVault, type StateTransaction } from "@coffer/messaging";
import { type OpenPgpDevice, type OpenPgpFormat, openpgp } from "../src/index.ts";

/** What a program said. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own for a program, which goes when the test ends. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), "coffer-openpgp-"));

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  run(program: string, options: readonly string[], input: string | Uint8Array = ""): Outcome {
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.directory, GNUPGHOME: this.directory, LANG: "C.UTF-8" };
    const limits = { timeout: 60_000, maxBuffer: 256 * 1024 * 1024 };
    const { status, stdout, stderr } = spawnSync(program, options, { input, env, encoding: "utf8", ...limits });
    return { status, out: stdout, err: stderr };
  }

  gpg(options: readonly string[], input: string | Uint8Array = ""): Outcome {
    const always = ["--batch", "--quiet", "--no-tty", "--trust-model", "always", "--pinentry-mode", "loopback"];
    return this.run("gpg", [...always, "--passphrase", "", ...options], input);
  }

  close(): void {
    this.run("gpgconf", ["--kill", "all"]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A device of ours with its state. */
export class Mailbox {
  readonly #vault = memoryVault();
  readonly #device: OpenPgpDevice;

  private constructor(device: OpenPgpDevice, vault: ReturnType<typeof memoryVault>) {
    this.#device = device;
    this.#vault = vault;
  }

  static async open(userId: string, format: OpenPgpFormat, privateKey?: string): Promise<Mailbox> {
    const vault = memoryVault();
    const protocol = openpgp({ format, ...(privateKey === undefined ? {} : { privateKey }) });
    const device = await vault.transact((state) => protocol.open({ userId, deviceId: "one" }, state));
    return new Mailbox(device, vault);
  }

  use<T>(run: (device: OpenPgpDevice, state: StateTransaction) => Promise<T>): Promise<T> {
    return this.#vault.transact((state) => run(this.#device, state));
  }

  get identityKey(): string {
    return this.#device.identityKey;
  }

  certificate(): Promise<string> {
    return this.use((device, state) => device.certificate(state));
  }

  privateKey(): Promise<string> {
    return this.use((device, state) => device.exportPrivateKey(state));
  }

  seal(recipient: string, text: string): Promise<string> {
    return this.use((device, state) => device.sealMail(state, [recipient], text));
  }

  open(sender: string, mail: string) {
    return this.use((device, state) => device.openMail(state, sender, mail));
  }
}
