/**
 * A server without a service, for the tests of the process. `/slow` tells on stdout that it was reached and answers once
 * a line comes on stdin. The environment variable FAIL names what goes wrong.
 */
import { createInterface } from "node:readline";
import type { WireHandler } from "@coffer/service";
import { loadSettings } from "./config/load-settings.ts";
import { describeFailure } from "./describe-failure.ts";
import { describeAsProblem } from "./http/adapter-errors.ts";
import { OperatorError } from "./operator-error.ts";
import { type ComposeServer, runServer } from "./run-server.ts";

const { FAIL: fail, ...environment } = process.env;
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const { promise: letGo, resolve } = Promise.withResolvers<void>();
const input = createInterface({ input: process.stdin });
input.on("line", () => resolve());

const handler: WireHandler = async (request) => {
  if (request.path === "/slow") {
    tell("reached");
    await letGo;
  }
  if (request.path === "/throw") throw new Error("planted");
  return { status: 200, headers: { "Content-Type": "text/plain" }, body: "done" };
};

const compose: ComposeServer = async () => {
  if (fail === "open") throw new OperatorError("the data directory is in use by process 7.");
  if (fail === "bug") throw new TypeError("x is not a function\n    at somewhere");
  return {
    handler,
    describeAdapterError: describeAsProblem,
    announce: async (urls) => {
      if (fail === "announce") throw new OperatorError("cannot write the credentials file.");
      return `banner for ${urls.length}`;
    },
    announced: async () => {},
    reopenFiles: () => tell("reopened"),
    close: async () => {
      if (fail === "close") throw new Error("disk full");
      tell("closed");
    },
  };
};

try {
  const args = process.argv.slice(2);
  const settings = loadSettings({ args, environment, homeDirectory: "/nowhere", workingDirectory: process.cwd() });
  process.exitCode = await runServer(settings, compose);
} catch (error) {
  const failure = describeFailure(error);
  process.stderr.write(`coffer: ${failure.line}\n`);
  process.exitCode = failure.exitCode;
}
input.close();
process.stdin.destroy();
