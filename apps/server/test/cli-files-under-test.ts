import { spawn } from "node:child_process";
import { join } from "node:path";
import { type KmsCaller, kmsClient } from "@coffer/envelope";
import { awsEnvironment } from "./aws-environment.ts";
import {
  adopt,
  cleanEnvironment,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
  runShell,
} from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";
import { cofferPath, type ServerOptions, ServerUnderTest } from "./server-under-test.ts";

/** A server with a key, and the command line that uses it. */
export class FilesUnderTest {
  readonly server: ServerUnderTest;
  readonly kms: KmsCaller;
  readonly folder: string;

  private constructor(server: ServerUnderTest, folder: string) {
    this.server = server;
    this.folder = folder;
    this.kms = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
  }

  /** Starts a server with the key `alias/files`; commands run in `folder`. */
  static async start(folder: string, options?: ServerOptions): Promise<FilesUnderTest> {
    const files = new FilesUnderTest(await ServerUnderTest.start(options), folder);
    await files.makeKey("alias/files");
    return files;
  }

  /** Makes a key with an alias. @returns its ARN */
  async makeKey(alias: string): Promise<string> {
    const { KeyMetadata } = await this.kms.call("CreateKey", {});
    const { Arn, KeyId } = KeyMetadata as { Arn: string; KeyId: string };
    await this.kms.call("CreateAlias", { AliasName: alias, TargetKeyId: KeyId });
    return Arn;
  }

  get environment(): Record<string, string> {
    return awsEnvironment(this.server);
  }

  /** Runs `coffer` in the folder. */
  run(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
    const environment = { ...this.environment, ...options.environment };
    return runProgram(cofferPath, args, { workingDirectory: this.folder, ...options, environment });
  }

  /** Runs a shell text in the folder, with `coffer` as a command. */
  shell(text: string): Promise<ProgramResult> {
    const coffer = `coffer() { '${cofferPath}' "$@"; }\n`;
    return runShell(coffer + text, { workingDirectory: this.folder, environment: this.environment });
  }

  /** Starts `coffer` with a pipe for its standard input. */
  start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): { readonly program: RunningProgram; readonly input: NodeJS.WritableStream } {
    const env = cleanEnvironment({ ...this.environment, ...environment });
    const child = adopt(spawn(cofferPath, args, { cwd: this.folder, env, stdio: ["pipe", "pipe", "pipe"] }));
    child.stdin.on("error", () => undefined);
    return { program: new RunningProgram(child), input: child.stdin };
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }
}
