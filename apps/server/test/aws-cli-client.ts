import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { awsEnvironment } from "./aws-environment.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** The AWS CLI as the account root, with a folder for what it reads. */
export class AwsCli {
  readonly #path: string;
  readonly #server: ServerUnderTest;
  readonly folder = temporaryFolder("aws-cli");

  constructor(path: string, server: ServerUnderTest) {
    this.#path = path;
    this.#server = server;
  }

  /** Runs it, whatever comes of it. */
  run(args: readonly string[], environment: Record<string, string> = {}): Promise<ProgramResult> {
    return runProgram(this.#path, args, {
      environment: { ...awsEnvironment(this.#server), AWS_DEFAULT_OUTPUT: "json", ...environment },
    });
  }

  /** The answer of an `aws kms` command that has to succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  async kms(...args: string[]): Promise<any> {
    const { status, stdout, stderr } = await this.run(["kms", ...args]);
    assert.equal(status, 0, stderr);
    return stdout === "" ? undefined : JSON.parse(stdout);
  }

  /** Expects an `aws kms` command to fail with an error of AWS; gives what it said. */
  async refused(code: string, args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
    const { status, stderr } = await this.run(["kms", ...args], environment);
    assert.notEqual(status, 0);
    assert.match(stderr, new RegExp(`An error occurred \\(${code}\\) when calling the \\w+ operation: `));
    return stderr;
  }

  /** Bytes travel in files: the first major version of the CLI takes text as it is, the second as base64. */
  file(name: string, content: Buffer | string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return `fileb://${path}`;
  }
}
