import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { limits, type MountConfig } from "@coffer/service";
import { callOpen, dataOf, done, mountAuth, permissionDenied, refused } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

const wrong = "invalid username or password";

describe("user names and passwords", () => {
  let t: VaultTest;
  let mount: string;
  let accessor: string;
  let mounts = 0;

  before(async () => {
    t = await openVaultTest();
  });
  beforeEach(() => mountAgain({}));
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  async function mountAgain(config: MountConfig): Promise<void> {
    mounts += 1;
    mount = `auth/userpass-${mounts}`;
    ({ accessor } = await mountAuth(t, "userpass", `userpass-${mounts}`, config));
  }
  const user = (name: string, body: unknown) => t.call("POST", `${mount}/users/${name}`, body);
  const read = async (name: string) => dataOf(await t.call("GET", `${mount}/users/${name}`));
  const logIn = (name: string, password?: unknown, from?: string) =>
    callOpen(t, `${mount}/login/${name}`, { password }, from);
  const failTimes = async (name: string, times: number) => {
    for (let index = 0; index < times; index += 1) refused(await logIn(name, "wrong"), 400, wrong);
  };

  describe("users", () => {
    it("are kept by names in any case, and shown as Vault does", async () => {
      done(await user("Ada", { password: "pw", policies: "b,A", ttl: "10m", bound_cidrs: "127.0.0.1" }));
      const plain = {
        token_bound_cidrs: ["127.0.0.1"],
        token_explicit_max_ttl: 0,
        token_max_ttl: 0,
        token_no_default_policy: false,
        token_num_uses: 0,
        token_period: 0,
        token_policies: ["a", "b"],
        token_strictly_bind_ip: false,
        token_ttl: 600,
        token_type: "default",
      };
      const old = { bound_cidrs: ["127.0.0.1"], ttl: 600 };
      assert.deepEqual(await read("aDA"), { ...plain, ...old, policies: ["a", "b"] });
      done(await user("ada", { token_policies: "c" }));
      assert.deepEqual(await read("ada"), { ...plain, ...old, token_policies: ["c"] });
      done(await t.call("POST", `${mount}/users/ada/policies`, { policies: "D" }));
      assert.deepEqual((await read("ada")).policies, ["d"]);
      done(await user("bob", { password: "x" }));
      assert.deepEqual(dataOf(await t.call("LIST", `${mount}/users`)), { keys: ["ada", "bob"] });
      done(await t.call("DELETE", `${mount}/users/ADA`));
      refused(await t.call("GET", `${mount}/users/ada`), 404);
      refused(await logIn("ada", "pw"), 400, wrong);
    });

    it("are refused in the original's words", async () => {
      refused(await user("x", {}), 400, "must provide either password or password_hash");
      refused(await user("x", { password: "" }), 400, "must provide either password or password_hash");
      const both = { password: "a", password_hash: "b" };
      refused(await user("x", both), 400, "only one of password or password_hash may be provided");
      assert.match((await user("x", { password_hash: "$2a$10$x" })).text, /password_hash is not supported/);
      const long = "x".repeat(limits.passwordBytes.value + 1);
      refused(await user("x", { password: long }), 400, "password is longer than maximum of 4096 bytes");
      done(await user("x", { password: long.slice(1) }));
      refused(await logIn("x", long), 400, "password is longer than maximum of 4096 bytes");
      for (const path of ["password", "policies"]) {
        const body = { password: "x", policies: "x" };
        refused(await t.call("POST", `${mount}/users/nobody/${path}`, body), 400, "username does not exist");
      }
      refused(
        await t.call("POST", `${mount}/users/x/password`, {}),
        400,
        "must provide either password or password_hash",
      );
      refused(await user("name@x", { password: "x" }), 404, "1 error occurred:\n\t* unsupported path\n\n");
      refused(await logIn("x"), 400, "missing password");
    });

    it("are nobody's business without permission", async () => {
      done(await user("ada", { password: "pw" }));
      const { json } = await logIn("ada", "pw");
      const headers = { "X-Vault-Token": json.auth.client_token };
      for (const path of ["users/ada", "users/ada/password", "users/new"]) {
        refused(await t.call("POST", `${mount}/${path}`, { password: "x" }, headers), 403, permissionDenied);
      }
      refused(await t.call("LIST", `${mount}/users`, undefined, headers), 403, permissionDenied);
    });
  });

  describe("logins", () => {
    it("give tokens with the user's parameters", async () => {
      done(await user("Ada", { password: "pässword", token_policies: "deploy", token_max_ttl: 60 }));
      const answer = await logIn("ADA", "pässword");
      assert.equal(answer.status, 200, answer.text);
      const { policies, metadata, lease_duration, orphan, client_token } = answer.json.auth;
      assert.deepEqual(
        { policies, metadata, lease_duration, orphan },
        { policies: ["default", "deploy"], metadata: { username: "ada" }, lease_duration: 60, orphan: true },
      );
      const found = await t.test.core.identities.findToken(client_token);
      assert.equal(found?.token?.displayName, `${mount.slice("auth/".length)}-ada`);
      assert.equal(found.token.vault?.path, `${mount}/login/ada`);
    });

    it("take the password that was set last, and that one alone", async () => {
      done(await user("ada", { password: "one" }));
      done(await t.call("POST", `${mount}/users/ada/password`, { password: "two" }));
      refused(await logIn("ada", "one"), 400, wrong);
      assert.equal((await logIn("ada", "two")).status, 200);
      done(await user("ada", { token_ttl: 60 }));
      assert.equal((await logIn("ada", "two")).json.auth.lease_duration, 60);
    });

    it("do the same work and say the same for names that nobody has", async () => {
      done(await user("ada", { password: "pw" }));
      const { passwords } = t.test.core;
      for (const name of ["ada", "nobody"]) {
        const earlier = passwords.derivations;
        refused(await logIn(name, "wrong"), 400, wrong);
        assert.equal(passwords.derivations - earlier, 1, name);
      }
    });

    it("are refused from other networks", async () => {
      done(await user("ada", { password: "pw", token_bound_cidrs: "10.0.0.0/8" }));
      refused(await logIn("ada", "pw"), 403, "permission denied");
      assert.equal((await logIn("ada", "pw", "10.1.1.1")).status, 200);
    });

    it("give the type of token that the mount wants, else the user", async () => {
      const typeOf = async (tokenType: string | undefined, own: string): Promise<string> => {
        await mountAgain(tokenType === undefined ? {} : { tokenType });
        done(await user("ada", { password: "pw", token_type: own }));
        const { auth } = (await logIn("ada", "pw")).json;
        assert.equal(
          (await t.call("GET", "auth/token/lookup-self", undefined, { "X-Vault-Token": auth.client_token })).status,
          200,
        );
        assert.equal(auth.accessor === "", auth.token_type === "batch");
        return auth.token_type;
      };
      assert.equal(await typeOf(undefined, "default"), "service");
      assert.equal(await typeOf(undefined, "batch"), "batch");
      assert.equal(await typeOf("default-batch", "default"), "batch");
      assert.equal(await typeOf("default-batch", "service"), "service");
      assert.equal(await typeOf("batch", "service"), "batch");
      assert.equal(await typeOf("service", "batch"), "service");
      await mountAgain({ tokenType: "batch" });
      done(await user("ada", { password: "pw", token_num_uses: 2 }));
      refused(await logIn("ada", "pw"), 400, "batch tokens cannot have a limited use count");
    });

    it("leave no password in the audit trail or the database", async () => {
      done(await user("ada", { password: "very secret pw" }));
      await logIn("ada", "very secret pw");
      await logIn("ada", "another secret pw");
      assert.doesNotMatch(JSON.stringify(await t.test.auditEvents()), /secret pw/);
    });
  });

  describe("a lockout", () => {
    const alias = (name: string) => `sys/locked-users/${accessor}/unlock/${name}`;

    it("comes after five failures in a row, for 15 minutes, whatever password is shown then", async () => {
      done(await user("ada", { password: "pw" }));
      await failTimes("ada", 5);
      const { derivations } = t.test.core.passwords;
      refused(await logIn("ada", "pw"), 403, "permission denied");
      refused(await logIn("ada", "wrong"), 403, "permission denied");
      assert.equal(t.test.core.passwords.derivations, derivations, "no password is looked at any more");
      t.test.clock.advance(899_000);
      refused(await logIn("ada", "pw"), 403, "permission denied");
      t.test.clock.advance(1000);
      assert.equal((await logIn("ada", "pw")).status, 200);
    });

    it("knows a user by every spelling of the name", async () => {
      done(await user("ada", { password: "pw" }));
      for (const name of ["ada", "Ada", "aDA", "ADA", "%61da"]) refused(await logIn(name, "wrong"), 400, wrong);
      for (const name of ["ada", "ADa", "%41da"]) refused(await logIn(name, "pw"), 403, "permission denied");
      const { derivations } = t.test.core.passwords;
      for (const name of ["ada%20", "%20ada", "a%CC%88da", "ada%00", "%EF%BC%A1DA", "ada%00x"]) {
        assert.ok((await logIn(name, "pw")).status >= 400, name);
      }
      assert.equal(t.test.core.passwords.derivations, derivations, "these are no names");
    });

    it("is of one user and mount alone", async () => {
      done(await user("ada", { password: "pw" }));
      done(await user("bob", { password: "pw" }));
      const first = mount;
      await failTimes("ada", 5);
      assert.equal((await logIn("bob", "pw")).status, 200);
      await mountAgain({});
      done(await user("ada", { password: "pw" }));
      assert.equal((await logIn("ada", "pw")).status, 200);
      refused(await callOpen(t, `${first}/login/ada`, { password: "pw" }), 403, "permission denied");
    });

    it("is not outrun by guesses at once", async () => {
      done(await user("ada", { password: "pw" }));
      const { derivations } = t.test.core.passwords;
      const answers = await Promise.all(Array.from({ length: 20 }, () => logIn("ada", "wrong")));
      assert.equal(answers.filter(({ status }) => status === 400).length, 5);
      assert.equal(t.test.core.passwords.derivations - derivations, 5);
    });

    it("counts from the start after a login, and after 15 minutes without a failure", async () => {
      done(await user("ada", { password: "pw" }));
      await failTimes("ada", 4);
      assert.equal((await logIn("ada", "pw")).status, 200);
      await failTimes("ada", 4);
      t.test.clock.advance(900_001);
      await failTimes("ada", 4);
      assert.equal((await logIn("ada", "pw")).status, 200);
    });

    it("looks the same for a name that nobody has, but is not kept", async () => {
      await failTimes("nobody", 5);
      refused(await logIn("nobody", "x"), 403, "permission denied");
      const shown = dataOf(await t.call("GET", `sys/locked-users?mount_accessor=${accessor}`));
      assert.equal(shown.total, 0);
    });

    it("outlives a restart, and ends by hand", async () => {
      done(await user("ada", { password: "pw" }));
      await failTimes("ada", 5);
      // What a restart forgets.
      t.test.core.failedLogins.forget(`${accessor}/ada`);
      refused(await logIn("ada", "pw"), 403, "permission denied");
      const shown = dataOf(await t.call("GET", `sys/locked-users?mount_accessor=${accessor}`));
      const mine = { mount_accessor: accessor, counts: 1, alias_identifiers: ["ada"] };
      assert.deepEqual(shown, {
        by_namespace: [{ namespace_id: "root", namespace_path: "", counts: 1, mount_accessors: [mine] }],
        total: 1,
      });
      assert.ok(dataOf(await t.call("GET", "sys/locked-users")).total >= 1);
      done(await t.call("POST", alias("ada")));
      done(await t.call("POST", alias("nobody")));
      assert.equal((await logIn("ada", "pw")).status, 200);
      assert.equal(dataOf(await t.call("GET", `sys/locked-users?mount_accessor=${accessor}`)).total, 0);
    });

    it("goes by the mount's settings", async () => {
      await mountAgain({ userLockout: { threshold: 2, durationSeconds: 10, counterResetSeconds: 5 } });
      done(await user("ada", { password: "pw" }));
      await failTimes("ada", 1);
      t.test.clock.advance(5001);
      await failTimes("ada", 2);
      refused(await logIn("ada", "pw"), 403, "permission denied");
      t.test.clock.advance(10_000);
      assert.equal((await logIn("ada", "pw")).status, 200);
      await mountAgain({ userLockout: { disabled: true } });
      done(await user("ada", { password: "pw" }));
      await failTimes("ada", 7);
      assert.equal((await logIn("ada", "pw")).status, 200);
    });

    it("is lifted with permission alone", async () => {
      done(await user("ada", { password: "pw" }));
      const { json } = await logIn("ada", "pw");
      const headers = { "X-Vault-Token": json.auth.client_token };
      refused(await t.call("POST", alias("ada"), {}, headers), 403, permissionDenied);
      refused(await t.call("GET", "sys/locked-users", undefined, headers), 403, permissionDenied);
    });
  });
});

describe("a lockout of AppRole", () => {
  it("is of the role id, with or without spaces around it", async () => {
    const t = await openVaultTest();
    await mountAuth(t, "approle");
    done(await t.call("POST", "auth/approle/role/r", { role_id: "rid" }));
    const { secret_id } = dataOf(await t.call("POST", "auth/approle/role/r/secret-id", {}));
    const logIn = (role_id: string, secret: string) =>
      callOpen(t, "auth/approle/login", { role_id, secret_id: secret });
    for (const id of ["rid", " rid", "rid ", "\trid\n", "rid"]) {
      refused(await logIn(id, "wrong"), 400, "invalid role or secret ID");
    }
    refused(await logIn("rid ", secret_id), 403, "permission denied");
    refused(await logIn("RID", secret_id), 400, "invalid role or secret ID");
    const locked = dataOf(await t.call("GET", "sys/locked-users"));
    assert.deepEqual(locked.by_namespace[0].mount_accessors[0].alias_identifiers, ["rid"]);
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
});
