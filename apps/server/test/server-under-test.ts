import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cleanEnvironment, temporaryFolder } from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";

/** The command that the tests run: the real one. */
export const cofferPath = join(import.meta.dirname, "../../../bin/coffer");

export interface ServerOptions {
  /** In memory, any credentials. Otherwise persistent. */
  readonly dev?: boolean;
  /** How many addresses to listen on; the ports are the system's choice. */
  readonly listeners?: 1 | 2;
  /** Where a persistent server keeps its data; a temporary folder that goes with the server when absent. */
  readonly dataDir?: string;
  /** Where the first credentials are written; a temporary file when absent. */
  readonly credentialsFile?: string;
  /** Further options of the command. */
  readonly args?: readonly string[];
  /** Further environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What the credentials file of a first start holds. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  readonly account: string;
  readonly region: string;
  readonly endpoint: string;
}

/** A `coffer server` process. */
export class ServerUnderTest {
  readonly #program: RunningProgram;
  readonly #folder: string;
  readonly #credentialsFile: string;
  #leftBehind: readonly string[] = [];

  private constructor(program: RunningProgram, folder: string, credentialsFile: string) {
    this.#program = program;
    this.#folder = folder;
    this.#credentialsFile = credentialsFile;
  }

  /** Starts the server and waits until it listens. */
  static async start(options: ServerOptions = {}): Promise<ServerUnderTest> {
    const folder = temporaryFolder("server");
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    const credentialsFile = options.credentialsFile ?? join(folder, "credentials.json");
    const count = options.listeners ?? 1;
    const args = [
      "server",
      ...Array.from({ length: count }, () => "--listen=127.0.0.1:0"),
      ...(options.dev === true ? ["--dev"] : [`--data-dir=${options.dataDir ?? join(folder, "data")}`]),
      `--credentials-file=${credentialsFile}`,
      ...(options.args ?? []),
    ];
    const env = cleanEnvironment({ TMPDIR: temporary, ...options.environment });
    const program = new RunningProgram(spawn(cofferPath, args, { env, stdio: ["ignore", "pipe", "pipe"] }));
    const server = new ServerUnderTest(program, folder, credentialsFile);
    try {
      await program.until(() => server.urls.length === count || undefined);
    } catch (error) {
      await server.kill();
      throw error;
    }
    return server;
  }

  /** What it printed to stdout so far, line by line. */
  get out(): readonly string[] {
    return this.#program.out;
  }

  /** What it printed to stderr so far, line by line. */
  get err(): readonly string[] {
    return this.#program.err;
  }

  get urls(): readonly string[] {
    return this.out.filter((line) => line.startsWith("listening on ")).map((line) => line.slice(13));
  }

  /** The first address: AWS and REST clients are told this one. */
  get url(): string {
    return this.urls[0] ?? "";
  }

  /** The last address: Vault clients are told this one. */
  get vaultUrl(): string {
    return this.urls.at(-1) ?? "";
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get processId(): number {
    return this.#program.processId;
  }

  /** Names of what it left in its folder for temporary files; known when it has ended. */
  get leftBehind(): readonly string[] {
    return this.#leftBehind;
  }

  /** The account root's credentials, which the first start on a data directory made. */
  get credentials(): Credentials {
    return JSON.parse(readFileSync(this.#credentialsFile, "utf8")) as Credentials;
  }

  /** Waits for a line on stdout or stderr. */
  line(pattern: RegExp): Promise<string> {
    return this.#program.line(pattern);
  }

  /** Sends it a signal and does not wait for what comes of it. */
  signal(name: NodeJS.Signals): void {
    this.#program.signal(name);
  }

  /** Waits for its end; gives the exit code, or null when a signal ended it. */
  async ended(): Promise<number | null> {
    const code = await this.#program.ended;
    const temporary = join(this.#folder, "tmp");
    if (existsSync(temporary)) this.#leftBehind = readdirSync(temporary);
    rmSync(this.#folder, { recursive: true, force: true });
    return code;
  }

  /** Asks it to stop with SIGTERM and gives its exit code. */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    return this.ended();
  }

  /** Stops it as a power cut would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
