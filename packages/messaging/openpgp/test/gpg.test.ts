import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { MessagingError } from "@coffer/messaging";
import { component } from "@coffer/testkit";
import { readKey } from "openpgp";
import { findByWkd } from "../src/index.ts";
import { Mailbox, Workplace } from "./programs.ts";

const gpg = component("gpg");
const bobsAddress = "bob@example.org";
const refused = (error: unknown) => error instanceof MessagingError && error.code === "InvalidInput";

describe("openpgp: gpg", { skip: gpg.available ? false : gpg.reason }, () => {
  let place: Workplace;
  let alice: Mailbox;
  let alicesFingerprint: string;
  let bob: string;

  before(async () => {
    place = new Workplace();
    assert.equal(
      place.gpg(["--quick-gen-key", `Bob <${bobsAddress}>`, "future-default", "default", "never"]).status,
      0,
    );
    bob = place.gpg(["--armor", "--export", bobsAddress]).out;
    alice = await Mailbox.open("alice@example.org", "v4");
    alicesFingerprint = Uint8Array.fromBase64(alice.identityKey).toHex().toUpperCase();
    assert.equal(place.gpg(["--import"], await alice.certificate()).status, 0);
  });

  after(() => place.close());

  it("reads our mail, and finds the signature ours", async () => {
    const mail = await alice.seal(bob, "Dear Bob,\nhow are you? \u{1f511}\n");
    const { out, err, status } = place.gpg(["--status-fd", "2", "--decrypt"], mail);
    assert.equal(status, 0, err);
    assert.equal(out, "Dear Bob,\nhow are you? \u{1f511}\n");
    assert.match(err, new RegExp(`VALIDSIG ${alicesFingerprint}`));
    assert.match(err, /DECRYPTION_OKAY/);
    assert.match(err, /GOODMDC/);
  });

  it("writes mail that we read", async () => {
    for (const options of [[], ["--compress-algo", "none"], ["--textmode"]]) {
      const to = ["--armor", "--sign", "--encrypt", "-r", alicesFingerprint, ...options];
      const { out, err, status } = place.gpg(to, "Dear Alice,\nwell.\n");
      assert.equal(status, 0, err);
      const { text, recipients } = await alice.open(bob, out);
      assert.equal(text.replaceAll("\r\n", "\n"), "Dear Alice,\nwell.\n");
      assert.equal(recipients, "unnamed");
    }
  });

  it("is refused when it signs not, or is not the sender", async () => {
    const unsigned = place.gpg(["--armor", "--encrypt", "-r", alicesFingerprint], "who am I?").out;
    await assert.rejects(alice.open(bob, unsigned), refused);
    const signedOnly = place.gpg(["--armor", "--sign"], "in the open").out;
    await assert.rejects(alice.open(bob, signedOnly), refused);
    const bobs = place.gpg(["--armor", "--sign", "--encrypt", "-r", alicesFingerprint], "I am Carol").out;
    const carol = await Mailbox.open("carol@example.org", "v4");
    await assert.rejects(alice.open(await carol.certificate(), bobs), refused);
    await assert.rejects(carol.open(bob, bobs), refused);
  });

  it("does not blow our memory up by compression", async () => {
    const to = ["--armor", "--sign", "--encrypt", "--compress-algo", "zlib", "-z", "9", "-r", alicesFingerprint];
    const bomb = place.gpg(to, new Uint8Array(40 * 1024 * 1024)).out;
    assert.ok(bomb.length < 200_000);
    await assert.rejects(alice.open(bob, bomb), (error: MessagingError) => {
      assert.match(String((error.cause as Error).message), /decompressed|exceed/i);
      return refused(error);
    });
  });

  it("gives us its key, and takes ours", async () => {
    const exported = place.gpg(["--armor", "--export-secret-keys", bobsAddress]).out;
    const bobHere = await Mailbox.open(bobsAddress, "v4", exported);
    const mail = await alice.seal(bob, "to either");
    assert.equal((await bobHere.open(await alice.certificate(), mail)).text, "to either");
    assert.equal((await bobHere.open(await alice.certificate(), mail)).recipients, "named");
    const answer = await bobHere.seal(await alice.certificate(), "from here");
    assert.equal((await alice.open(bob, answer)).text, "from here");

    const elsewhere = new Workplace();
    try {
      assert.equal(elsewhere.gpg(["--import"], await alice.privateKey()).status, 0);
      assert.equal(elsewhere.gpg(["--import"], bob).status, 0);
      const { out, err } = elsewhere.gpg(["--status-fd", "2", "--decrypt"], answer);
      assert.equal(out, "from here", err);
      assert.match(err, /GOODSIG/);
      const signed = elsewhere.gpg(
        ["--armor", "--sign", "--encrypt", "-u", alicesFingerprint, "-r", bobsAddress],
        "as Alice",
      );
      assert.equal((await bobHere.open(await alice.certificate(), signed.out)).text, "as Alice");
    } finally {
      elsewhere.close();
    }
  });

  it("finds a certificate in a Web Key Directory", async () => {
    const listed = place.gpg(["--with-wkd-hash", "--list-keys", bobsAddress]).out;
    const hash = /([a-z0-9]{32})@example\.org/.exec(listed)?.[1];
    assert.ok(hash !== undefined, listed);
    let served = (await readKey({ armoredKey: bob })).write();
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.headers["x-host"]}${request.url}`);
      const isThere =
        request.headers["x-host"] === "example.org" && request.url === `/.well-known/openpgpkey/hu/${hash}?l=bob`;
      response.writeHead(isThere ? 200 : 404).end(isThere ? served : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const toLoopback = (url: string, options: RequestInit) => {
      const { hostname, pathname, search } = new URL(url);
      return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { ...options, headers: { "x-host": hostname } });
    };
    try {
      const [found, ...more] = await findByWkd(bobsAddress, { fetch: toLoopback });
      assert.deepEqual(more, []);
      assert.ok(found !== undefined);
      const mail = await alice.seal(found, "found you");
      assert.equal(place.gpg(["--decrypt"], mail).out, "found you");
      assert.deepEqual(
        asked.map((line) => line.split("/")[0]),
        ["openpgpkey.example.org", "example.org"],
      );
      served = (await readKey({ armoredKey: await alice.certificate() })).write();
      assert.deepEqual(await findByWkd(bobsAddress, { fetch: toLoopback }), [], "another's certificate");
      served = new Uint8Array(1024 * 1024);
      assert.deepEqual(await findByWkd(bobsAddress, { fetch: toLoopback }), [], "no certificate");
      for (const none of [
        "bob",
        "bob@",
        "bob@example.org@example.com",
        "bob@example.org/x",
        "b/ob@x",
        "bob@localhost",
      ]) {
        await assert.rejects(findByWkd(none, { fetch: toLoopback }), refused, none);
      }
      const unreachable = findByWkd(bobsAddress, { fetch: async () => Promise.reject(new Error("no such host")) });
      await assert.rejects(unreachable, (error: MessagingError) => error.code === "RelayUnavailable");
      assert.deepEqual(await findByWkd("nobody@example.org", { fetch: toLoopback }), []);
    } finally {
      server.close();
    }
  });
});
