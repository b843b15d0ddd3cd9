import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { component } from "@coffer/testkit";
import { startBenchServer } from "./bench-server.ts";
import { printTable, showProgress } from "./table.ts";

const coffer = fileURLToPath(new URL("../bin/coffer", import.meta.url));
const sops = component("sops");
const values = 1_000;
const rounds = 5;

/** Values of the kinds that files have, in each format. */
const files: ReadonlyMap<string, string> = new Map([
  ["values.yaml", lines((index) => `key${index}: value number ${index}`)],
  ["values.json", `{\n${lines((index) => `  "key${index}": "value number ${index}",`)}  "last": 0\n}\n`],
  ["values.env", lines((index) => `KEY${index}=value number ${index}`)],
  ["values.ini", lines((index) => `key${index} = value number ${index}`)],
  ["values.toml", lines((index) => `key${index} = "value number ${index}"`)],
]);

function lines(line: (index: number) => string): string {
  return Array.from({ length: values }, (_, index) => `${line(index)}\n`).join("");
}

/** Config files of a thousand values: a whole process, from its start to its end, and its calls of the server. */
export async function measureConfigFile(directory: string): Promise<void> {
  const server = await startBenchServer(directory, "config-file");
  const { KeyMetadata } = (await server.call("CreateKey", {})) as { KeyMetadata: { Arn: string } };
  const credentials = JSON.parse(readFileSync(join(directory, "config-file.json"), "utf8")) as Record<string, string>;
  const env = {
    PATH: process.env["PATH"],
    HOME: directory,
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${server.process.port}`,
    AWS_ACCESS_KEY_ID: credentials["accessKeyId"],
    AWS_SECRET_ACCESS_KEY: credentials["secretAccessKey"],
  };
  const run = (program: string, args: readonly string[]): number => {
    const startedMs = performance.now();
    const { status, stderr } = spawnSync(program, args, { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
    return performance.now() - startedMs;
  };
  const rows: (string | number)[][] = [];
  for (const [name, text] of files) {
    showProgress(name);
    writeFileSync(join(directory, name), text);
    const sealed = `sealed-${name}`;
    const encrypt = ["config", "encrypt", "--key", KeyMetadata.Arn, name, "-o", sealed, "--force"];
    const encryptMs = median(() => run(coffer, encrypt));
    const before = decryptCalls(server.data);
    const decryptMs = median(() => run(coffer, ["config", "decrypt", sealed]));
    const calls = (decryptCalls(server.data) - before) / rounds;
    const canSops = sops.available && !name.endsWith(".toml");
    const sopsMs = canSops ? median(() => run(sops.path, ["--disable-version-check", "decrypt", sealed])) : undefined;
    rows.push([name, encryptMs.toFixed(0), decryptMs.toFixed(0), calls, sopsMs?.toFixed(0) ?? "-"]);
  }
  const heads = ["file", "encrypt ms", "decrypt ms", "calls to decrypt", "the real sops decrypts, ms"];
  printTable(`Config files of ${values} values, from a process's start to its end`, heads, rows);
  await server.process.stop();
}

/** Requests to decrypt that the audit trail has. */
function decryptCalls(data: string): number {
  const folder = join(data, "audit");
  const trails = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  const records = trails.flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"));
  return records.filter((record) => record.includes('"eventName":"Decrypt"')).length;
}

function median(measure: () => number): number {
  const times = Array.from({ length: rounds }, measure).sort((a, b) => a - b);
  return times[Math.floor(rounds / 2)] ?? 0;
}
