import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, type FSWatcher, mkdirSync, mkdtempSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { adopt, cleanEnvironment } from "../run-program.ts";
import { type Credentials, cofferPath, ServerUnderTest } from "../server-under-test.ts";
import { AuditFollower } from "./audit-follower.ts";
import { revive } from "./crash-keys.ts";
import { type AnsweredRequest, CrashLoad, FactWorker, KeyWorker } from "./crash-load.ts";
import { SharedKeyWorkers } from "./crash-shared-key.ts";
import { HttpClient } from "./http-client.ts";
import { SeededRandom } from "./seeded-random.ts";
import { succeeded, Wires } from "./wires.ts";

/** What a round's kill waits for: requests sent, answers received, or changes to the files in the data directory. */
type Trigger = "sent" | "answer" | "file";

interface Kill {
  readonly trigger: Trigger;
  readonly count: number;
  /** Turns of the event loop between trigger and kill. */
  readonly turns: number;
  /** The server is told to stop first, and killed while it drains and closes. */
  readonly drains: boolean;
}

const keyWorkers = 5;
const sharedWorkers = 2;
const mostEvents = 320;

function chooseKill(random: SeededRandom): Kill {
  return {
    trigger: random.pick(["sent", "answer", "file"]),
    count: 1 + random.integer(mostEvents),
    turns: random.integer(8),
    drains: random.integer(6) === 0,
  };
}

/** A data directory that is used, killed and started again for many rounds. */
export class CrashRounds {
  readonly #folder: string;
  readonly #dataDir: string;
  readonly #random: SeededRandom;
  readonly #keyWorkers: readonly KeyWorker[];
  readonly #facts: FactWorker;
  readonly #shared: SharedKeyWorkers;
  readonly #audit: AuditFollower;
  #credentials: Credentials | undefined;
  #answers = 0;

  constructor(seed: number) {
    this.#folder = mkdtempSync(join(tmpdir(), "coffer-crash-"));
    this.#dataDir = join(this.#folder, "data");
    this.#audit = new AuditFollower(join(this.#dataDir, "audit"));
    this.#random = new SeededRandom(seed);
    const workerRandom = () => new SeededRandom(this.#random.integer(0x7fff_ffff));
    this.#keyWorkers = Array.from({ length: keyWorkers }, (_, at) => new KeyWorker(`key-${at}`, workerRandom()));
    this.#facts = new FactWorker(workerRandom());
    this.#shared = new SharedKeyWorkers(workerRandom());
  }

  /** How many requests were answered so far. */
  get answers(): number {
    return this.#answers;
  }

  /** Makes the instance and what all rounds share. */
  async prepare(): Promise<void> {
    await using server = await this.#start();
    this.#credentials = server.credentials;
    const wires = Wires.of(server);
    succeeded(await wires.vault("POST", "sys/mounts/transit", { type: "transit" }));
    await this.#shared.prepare(wires);
    wires.close();
    assert.equal(await server.stop(), 0);
  }

  /** Starts the server, checks the round before, puts load on it, kills it, and looks at what it left. */
  async run(round: number): Promise<void> {
    if (this.#random.integer(6) === 0) await killDuringStart(this.#dataDir, 1 + this.#random.integer(12));
    await using server = await this.#start();
    await this.#check(server);
    const answered = await this.#loadAndKill(server, round, chooseKill(this.#random));
    this.#answers += answered.length;
    await this.#checkAudit(answered);
    checkDatabase(this.#dataDir, this.#folder);
  }

  /** Checks the last round, then every key and every ciphertext of all rounds; stops in peace. */
  async finish(): Promise<void> {
    await using server = await this.#start();
    await this.#check(server);
    const wires = this.#wires(server);
    await Promise.all(this.#keyWorkers.map((worker) => reviveAll(wires, worker)));
    for (const message of this.#shared.messages) await this.#shared.checkMessage(wires, message);
    wires.close();
    assert.equal(await server.stop(), 0);
    const report = await this.#audit.verify();
    assert.equal(report.vouchedSequence, report.head.sequence, "a stopped server signs its last record");
    checkDatabase(this.#dataDir, this.#folder);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(): Promise<ServerUnderTest> {
    return ServerUnderTest.start({
      dataDir: this.#dataDir,
      credentialsFile: join(this.#folder, "credentials.json"),
    });
  }

  #wires(server: ServerUnderTest, client = new HttpClient(server.url)): Wires {
    assert.ok(this.#credentials !== undefined);
    return new Wires(client, this.#credentials);
  }

  async #check(server: ServerUnderTest): Promise<void> {
    const wires = this.#wires(server);
    const checks = [...this.#keyWorkers, this.#facts, this.#shared].map((worker) => worker.check(wires));
    await Promise.all(checks);
    wires.close();
  }

  async #loadAndKill(server: ServerUnderTest, round: number, kill: Kill): Promise<readonly AnsweredRequest[]> {
    let left = kill.count;
    let watcher: FSWatcher | undefined;
    const onEvent = (event: Trigger): void => {
      if (event !== kill.trigger) return;
      left -= 1;
      if (left !== 0) return;
      load.cut = true;
      if (kill.drains) server.signal("SIGTERM");
      afterTurns(kill.turns, () => server.signal("SIGKILL"));
    };
    const load = new CrashLoad(round, onEvent);
    if (kill.trigger === "file") watcher = watch(this.#dataDir, { recursive: true }, () => onEvent("file"));
    const client = new HttpClient(server.url);
    const runs = [...this.#keyWorkers, this.#facts, ...Array(sharedWorkers).fill(this.#shared)].map((worker) =>
      worker.run(load, this.#wires(server, client)),
    );
    try {
      await Promise.all(runs);
    } finally {
      watcher?.close();
      client.close();
    }
    const code = await server.ended();
    if (!kill.drains) assert.equal(code, null, server.err.join("\n"));
    assert.deepEqual(
      server.err.filter((line) => !/stopp/.test(line)),
      [],
      "the server told of nothing amiss",
    );
    return load.answered;
  }

  async #checkAudit(answered: readonly AnsweredRequest[]): Promise<void> {
    await this.#audit.verify();
    const recorded = new Map<string, Set<string>>();
    for (const { userAgent, requestID } of this.#audit.newRecords()) {
      recorded.set(userAgent, (recorded.get(userAgent) ?? new Set()).add(requestID));
    }
    for (const { userAgent, requestId } of answered) {
      const ids = recorded.get(userAgent);
      assert.ok(ids !== undefined, `${userAgent} was answered and left no audit record`);
      if (requestId !== undefined) assert.ok(ids.has(requestId), `${userAgent}: ${requestId} is in the audit trail`);
    }
  }
}

async function reviveAll(wires: Wires, worker: KeyWorker): Promise<void> {
  for (const key of worker.keys) await revive(wires, key);
  for (const message of worker.messages) await worker.checkMessage(wires, message);
}

function afterTurns(turns: number, action: () => void): void {
  if (turns === 0) action();
  else setImmediate(() => afterTurns(turns - 1, action));
}

/** Looks at a copy, so that the next start meets the files as the kill left them. */
function checkDatabase(dataDir: string, folder: string): void {
  const copy = join(folder, "copy.db");
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(`${copy}${suffix}`, { force: true });
    const file = join(dataDir, `coffer.db${suffix}`);
    if (existsSync(file)) copyFileSync(file, `${copy}${suffix}`);
  }
  const database = new DatabaseSync(copy);
  try {
    assert.deepEqual(
      database
        .prepare("PRAGMA integrity_check")
        .all()
        .map(({ integrity_check }) => integrity_check),
      ["ok"],
    );
    assert.deepEqual(database.prepare("PRAGMA foreign_key_check").all(), []);
  } finally {
    database.close();
  }
}

/**
 * Starts a server and kills it at the n-th change of a file in its data directory, or once it listens.
 *
 * @returns what it printed until then
 */
export async function killDuringStart(dataDir: string, fileEvents: number): Promise<string> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const args = ["server", "--listen=127.0.0.1:0", `--data-dir=${dataDir}`];
  const child: ChildProcess = adopt(
    spawn(cofferPath, args, { env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"] }),
  );
  let left = fileEvents;
  let out = "";
  let err = "";
  const watcher = watch(dataDir, { recursive: true }, () => {
    left -= 1;
    if (left === 0) child.kill("SIGKILL");
  });
  child.stderr?.on("data", (chunk) => {
    err += chunk;
  });
  child.stdout?.on("data", (chunk) => {
    out += chunk;
    if (out.includes("listening on ")) child.kill("SIGKILL");
  });
  const [code] = await once(child, "close");
  watcher.close();
  assert.equal(code, null, `the server ended by itself: ${out}${err}`);
  return out;
}
