import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runProgram, temporaryFolder } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

describe("the first credentials", () => {
  it("are made again as long as no start came to show them, and never once one did", async (t) => {
    const folder = temporaryFolder("unshown");
    const dataDir = join(folder, "data");
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const failed = await runProgram(cofferPath, ["server", `--data-dir=${dataDir}`, `--listen=127.0.0.1:${port}`]);
    assert.equal(failed.status, 1);
    assert.ok(existsSync(join(dataDir, "coffer.db")), "it failed after it made the data directory");

    const credentialsFile = join(folder, "credentials.json");
    await using first = await ServerUnderTest.start({ dataDir, credentialsFile });
    await first.line(/^First start/);
    const { credentials } = first;
    await first.stop();

    await using second = await ServerUnderTest.start({ dataDir, credentialsFile });
    assert.deepEqual(second.out, [`listening on ${second.url}`]);
    const headers = { Authorization: `Bearer ${credentials.token}` };
    assert.equal((await fetch(`${second.url}/keys`, { headers })).status, 200);
  });
});
