import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A device that is logged in. */
export interface MatrixLogin {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

/** A homeserver with an empty SQLite database, on the loopback interface. */
export class Synapse {
  readonly baseUrl: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(baseUrl: string, process: ChildProcess, folder: string) {
    this.baseUrl = baseUrl;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(python: string): Promise<Synapse> {
    const folder = mkdtempSync(join(tmpdir(), "coffer-synapse-"));
    const port = await freePort();
    const config = join(folder, "homeserver.yaml");
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(configuration(folder, port)));
    const run = ["-m", "synapse.app.homeserver", "-c", config];
    const made = spawnSync(python, [...run, "--generate-keys"], { cwd: folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`Synapse makes no keys: ${made.stderr}`);
    const child = spawn(python, run, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    await new Promise<void>((resolve, reject) => {
      const lines: string[] = [];
      child.once("exit", () => reject(new Error(`Synapse ended: ${lines.slice(-20).join("\n")}`)));
      createInterface({ input: child.stderr }).on("line", (line) => {
        lines.push(line);
        if (line.includes("Synapse now listening")) resolve();
      });
    });
    return new Synapse(`http://127.0.0.1:${port}`, child, folder);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Calls the client-server API below `/_matrix/client/v3`. */
  async call(method: string, path: string, accessToken?: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.baseUrl}/_matrix/client/v3/${path}`, {
      method,
      headers: { ...(accessToken !== undefined && { Authorization: `Bearer ${accessToken}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Makes a user, with a first device. */
  async register(username: string, deviceId: string): Promise<MatrixLogin> {
    const auth = { type: "m.login.dummy" };
    const body = { username, password, device_id: deviceId, auth };
    return readLogin(await this.call("POST", "register", undefined, body));
  }

  /** Logs another device of a user in. */
  async login(user: string, deviceId: string): Promise<MatrixLogin> {
    const identifier = { type: "m.id.user", user };
    const body = { type: "m.login.password", identifier, password, device_id: deviceId };
    return readLogin(await this.call("POST", "login", undefined, body));
  }
}

const password = "of a test alone";

function readLogin({ user_id, device_id, access_token }: Record<string, unknown>): MatrixLogin {
  return { userId: String(user_id), deviceId: String(device_id), accessToken: String(access_token) };
}

function configuration(folder: string, port: number): object {
  const unlimited = { per_second: 1000, burst_count: 1000 };
  return {
    server_name: "coffer.test",
    report_stats: false,
    signing_key_path: join(folder, "signing.key"),
    media_store_path: join(folder, "media"),
    pid_file: join(folder, "pid"),
    macaroon_secret_key: "of a test alone",
    form_secret: "of a test alone",
    trusted_key_servers: [],
    enable_registration: true,
    enable_registration_without_verification: true,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
    rc_registration: unlimited,
    rc_message: unlimited,
    database: { name: "sqlite3", args: { database: join(folder, "homeserver.db") } },
    listeners: [{ port, type: "http", tls: false, bind_addresses: ["127.0.0.1"], resources: [{ names: ["client"] }] }],
  };
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject()));
    });
  });
}
