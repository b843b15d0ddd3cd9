import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { component } from "@coffer/testkit";
import { startBenchServer } from "./bench-server.ts";
import type { BenchCredentials } from "./requests.ts";
import { runMeasured, type Usage } from "./run-measured.ts";
import { scaled } from "./scale.ts";
import { printTable, showProgress } from "./table.ts";

const root = join(import.meta.dirname, "..");
const rounds = 3;
/** The AWS Encryption CLI takes minutes for a gibibyte: it gets less, and its rate is of that. */
const slowShare = 4;

/** A program that encrypts a file into another and back. */
interface Contender {
  readonly name: string;
  readonly fileBytes: number;
  readonly encrypt: (source: string, target: string) => readonly string[];
  readonly decrypt: (source: string, target: string) => readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * One file by `coffer`, and by what people use instead. All of it on one file system with a warm page cache: in memory,
 * where there is room, so that disks do not count (`coffer` alone waits until its file is on the disk).
 */
export async function measureEnvelope(directory: string): Promise<void> {
  const fileBytes = scaled(2 ** 30, 2 ** 24);
  const python = component("python-venv");
  if (!python.available) {
    console.log(`\n## Files\n\nskipped: ${python.reason}`);
    return;
  }
  const place = join(fastDirectory(directory, fileBytes * 4), `coffer-bench-files-${process.pid}`);
  mkdirSync(place, { mode: 0o700 });
  const server = await startBenchServer(directory, "envelope");
  try {
    const { KeyMetadata } = (await server.call("CreateKey", {})) as { KeyMetadata: { Arn: string } };
    const credentials = JSON.parse(readFileSync(join(directory, "envelope.json"), "utf8")) as BenchCredentials;
    const environment = {
      AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${server.process.port}`,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: credentials.region,
      AWS_DEFAULT_REGION: credentials.region,
    };
    const contenders = contendersFor(KeyMetadata.Arn, environment, fileBytes, place);
    writeRandomFile(join(place, "plain"), fileBytes);
    const usages = new Map(contenders.map(({ name }) => [name, { encrypt: [] as Usage[], decrypt: [] as Usage[] }]));
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        showProgress(`round ${round + 1} of ${rounds}: ${contender.name}`);
        const { encrypt, decrypt } = measureOnce(contender, python.path, place);
        usages.get(contender.name)!.encrypt.push(encrypt);
        usages.get(contender.name)!.decrypt.push(decrypt);
      }
    }
    for (const direction of ["encrypt", "decrypt"] as const) {
      printDirection(direction, contenders, (name) => usages.get(name)![direction]);
    }
  } finally {
    await server.process.stop();
    rmSync(place, { recursive: true });
  }
}

function fastDirectory(fallback: string, bytes: number): string {
  const memory = "/dev/shm";
  if (!existsSync(memory)) return fallback;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > bytes ? memory : fallback;
}

function writeRandomFile(path: string, bytes: number): void {
  const chunk = Buffer.allocUnsafe(2 ** 24);
  const file = openSync(path, "wx", 0o600);
  for (let done = 0; done < bytes; done += chunk.length) writeSync(file, randomFillSync(chunk));
  closeSync(file);
  truncateSync(path, bytes);
}

function contendersFor(key: string, environment: NodeJS.ProcessEnv, fileBytes: number, place: string): Contender[] {
  const coffer = join(root, "bin/coffer");
  const node = (how: string, direction: string) => (source: string, target: string) => [
    ...[join(root, "bin/node"), join(root, "bench/envelope-file.ts"), how, direction, source, target],
  ];
  const openssl = (...how: readonly string[]) => {
    return (source: string, target: string) => [
      ...["openssl", "enc", "-aes-256-ctr", "-K", "07".repeat(32), "-iv", "00".repeat(16), ...how],
      ...["-in", source, "-out", target],
    ];
  };
  const compileCache = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/coffer") };
  return [
    {
      name: "bare node:crypto AES-256-GCM",
      fileBytes,
      encrypt: node("bare", "encrypt"),
      decrypt: node("bare", "decrypt"),
      environment: compileCache,
    },
    {
      name: "coffer",
      fileBytes,
      encrypt: (source, target) => [coffer, "encrypt", "--key", key, source, "-o", target],
      decrypt: (source, target) => [coffer, "decrypt", source, "-o", target],
      environment,
    },
    {
      name: "its library, one thread",
      fileBytes,
      encrypt: node("1", "encrypt"),
      decrypt: node("1", "decrypt"),
      environment: compileCache,
    },
    ...ageContender(fileBytes, place),
    ...(component("openssl").available
      ? [
          {
            name: "openssl enc -aes-256-ctr (no authentication)",
            fileBytes,
            encrypt: openssl("-e"),
            decrypt: openssl("-d"),
          },
        ]
      : []),
    ...awsContender(key, environment, fileBytes),
  ];
}

function ageContender(fileBytes: number, place: string): Contender[] {
  const age = component("age");
  if (!age.available) {
    console.log(`\nage is not measured: ${age.reason}`);
    return [];
  }
  const identity = join(place, "identity");
  execFileSync(join(age.path, "../age-keygen"), ["-o", identity], { stdio: "ignore" });
  const recipient = execFileSync(join(age.path, "../age-keygen"), ["-y", identity], { encoding: "utf8" }).trim();
  return [
    {
      name: "age",
      fileBytes,
      encrypt: (source, target) => [age.path, "-r", recipient, "-o", target, source],
      decrypt: (source, target) => [age.path, "-d", "-i", identity, "-o", target, source],
    },
  ];
}

function awsContender(key: string, environment: NodeJS.ProcessEnv, fileBytes: number): Contender[] {
  const program = process.env["AWS_ENCRYPTION_CLI"];
  if (program === undefined) {
    console.log(
      "\nThe AWS Encryption CLI is not measured: AWS_ENCRYPTION_CLI names no program. It wants a Python environment of its" +
        " own: python3 -m venv DIR && DIR/bin/pip install aws-encryption-sdk-cli, and AWS_ENCRYPTION_CLI=DIR/bin/aws-encryption-cli.",
    );
    return [];
  }
  const run = (direction: string, source: string, target: string) => [
    ...[program, direction, "-i", source, "-o", target, "--suppress-metadata", "--wrapping-keys", `key=${key}`],
    // Unsigned, as the others are.
    ...["--commitment-policy", "require-encrypt-require-decrypt"],
    ...(direction === "--encrypt" ? ["--algorithm", "AES_256_GCM_HKDF_SHA512_COMMIT_KEY"] : []),
  ];
  return [
    {
      name: `AWS Encryption CLI (1/${slowShare} of the file)`,
      fileBytes: Math.round(fileBytes / slowShare),
      encrypt: (source, target) => run("--encrypt", source, target),
      decrypt: (source, target) => run("--decrypt", source, target),
      environment,
    },
  ];
}

function measureOnce(contender: Contender, python: string, place: string): { encrypt: Usage; decrypt: Usage } {
  const [whole, sealed, opened] = [join(place, "plain"), join(place, "sealed"), join(place, "opened")];
  const part = join(place, `plain-${contender.fileBytes}`);
  if (!existsSync(part)) execFileSync("cp", [whole, part]);
  truncateSync(part, contender.fileBytes);
  // The page cache holds it for whoever is first, too.
  execFileSync("cat", [part], { stdio: "ignore" });
  const environment = contender.environment ?? {};
  const encrypt = runMeasured(python, contender.encrypt(part, sealed), environment);
  const decrypt = runMeasured(python, contender.decrypt(sealed, opened), environment);
  execFileSync("cmp", [part, opened]);
  for (const path of [part, sealed, opened]) rmSync(path);
  return { encrypt, decrypt };
}

function printDirection(
  direction: string,
  contenders: readonly Contender[],
  usagesOf: (name: string) => readonly Usage[],
): void {
  const best = (name: string, value: (usage: Usage) => number) => Math.min(...usagesOf(name).map(value));
  const rates = contenders.map(({ name, fileBytes }) => ({
    name,
    fileBytes,
    wallMs: best(name, ({ wallMs }) => wallMs),
    cpuMs: best(name, ({ cpuMs }) => cpuMs),
    peakMiB: Math.max(...usagesOf(name).map(({ peakMiB }) => peakMiB)),
  }));
  const perCpu = ({ fileBytes, cpuMs }: { fileBytes: number; cpuMs: number }) => fileBytes / 1000 / cpuMs;
  const bare = perCpu(rates[0]!);
  printTable(
    `Files: ${direction} ${Math.round(contenders[0]!.fileBytes / 2 ** 20)} MiB, best of ${rounds}`,
    ["program", "wall ms", "MB/s", "CPU ms", "MB per CPU second", "of bare", "peak MiB"],
    rates.map((rate) => [
      rate.name,
      rate.wallMs.toFixed(0),
      (rate.fileBytes / 1000 / rate.wallMs).toFixed(0),
      rate.cpuMs.toFixed(0),
      perCpu(rate).toFixed(0),
      `${((perCpu(rate) / bare) * 100).toFixed(0)}%`,
      rate.peakMiB.toFixed(0),
    ]),
  );
}
