import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { Mailbox, Workplace } from "./programs.ts";

const python = component("python-venv");
const [sqop, rnp] = [component("sqop"), component("rnp")];

function ask<T>(job: object): T {
  assert.ok(python.available);
  const script = join(import.meta.dirname, "pysequoia-peer.py");
  const options = { input: JSON.stringify(job), encoding: "utf8", timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(python.path, [script], options);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as T;
}

describe("openpgp: Sequoia (pysequoia), RFC 9580", { skip: python.available ? false : python.reason }, () => {
  interface Peer {
    readonly certificate: string;
    readonly privateKey: string;
    readonly fingerprint: string;
  }

  it("reads what we write, and writes what we read, with v6 keys", async () => {
    const peer = ask<Peer>({ do: "generate" });
    assert.equal(peer.fingerprint.length, 64);
    const alice = await Mailbox.open("alice@example.org", "v6");
    const mail = await alice.seal(peer.certificate, "by RFC 9580 \u{1f511}");
    const { privateKey } = peer;
    const opened = ask<{ text: string; signers: string[] }>({
      do: "open",
      privateKey,
      sender: await alice.certificate(),
      message: mail,
    });
    assert.equal(opened.text, "by RFC 9580 \u{1f511}");
    assert.deepEqual(opened.signers, [Uint8Array.fromBase64(alice.identityKey).toHex()]);
    const recipient = await alice.certificate();
    const { message } = ask<{ message: string }>({ do: "seal", privateKey, recipient, text: "back" });
    assert.equal((await alice.open(peer.certificate, message)).text, "back");
  });

  it("takes our v6 private key, and we take its", async () => {
    const peer = ask<Peer>({ do: "generate" });
    const there = await Mailbox.open("sequoia@example.org", "v6", peer.privateKey);
    const alice = await Mailbox.open("alice@example.org", "v6");
    const mail = await alice.seal(peer.certificate, "to either");
    const opened = await there.open(await alice.certificate(), mail);
    assert.deepEqual([opened.text, opened.recipients], ["to either", "named"]);
    const answer = await there.seal(await alice.certificate(), "answer");
    const [privateKey, sender] = [await alice.privateKey(), peer.certificate];
    assert.equal(ask<{ text: string }>({ do: "open", privateKey, sender, message: answer }).text, "answer");
  });
});

describe("openpgp: Debian's tools, with v4 keys", () => {
  let place: Workplace;
  let alice: Mailbox;

  before(async () => {
    place = new Workplace();
    alice = await Mailbox.open("alice@example.org", "v4");
  });

  after(() => place.close());

  it("sqop, both ways", { skip: sqop.available ? false : sqop.reason }, async () => {
    const key = place.run("sqop", ["generate-key", "Bob <bob@example.org>"]).out;
    const certificate = place.run("sqop", ["extract-cert"], key).out;
    const [keyFile, certFile] = [place.file("bob.key", key), place.file("alice.cert", await alice.certificate())];
    const verified = join(place.directory, "verified");
    const open = ["decrypt", "--verify-with", certFile, "--verifications-out", verified, keyFile];
    const opened = place.run("sqop", open, await alice.seal(certificate, "for sqop"));
    assert.equal(opened.out, "for sqop", opened.err);
    const sealed = place.run("sqop", ["encrypt", "--sign-with", keyFile, certFile], "from sqop");
    assert.equal((await alice.open(certificate, sealed.out)).text, "from sqop");
  });

  it("rnp, both ways", { skip: rnp.available ? false : rnp.reason }, async () => {
    const home = ["--homedir", place.directory];
    const password = ["--password", ""];
    const userId = ["--userid", "Carol <carol@example.org>"];
    const expert = place.run("rnpkeys", [...home, ...password, ...userId, "--expert", "--generate-key"], "22\n");
    assert.equal(expert.status, 0, expert.err);
    const certificate = place.run("rnpkeys", [...home, "--export-key", "carol@example.org"]).out;
    const alices = place.file("alice.asc", await alice.certificate());
    assert.equal(place.run("rnpkeys", [...home, "--import-key", alices]).status, 0);
    const mail = place.file("mail.asc", await alice.seal(certificate, "for rnp"));
    const opened = place.run("rnp", [...home, ...password, "--decrypt", "--output", "-", mail]);
    assert.equal(opened.out, "for rnp", opened.err);
    assert.match(opened.err, /Good signature/);
    const to = [
      "--sign",
      "--encrypt",
      "--armor",
      "-u",
      "carol@example.org",
      "-r",
      "alice@example.org",
      "--output",
      "-",
    ];
    const sealed = place.run("rnp", [...home, ...password, ...to, place.file("plain", "from rnp")]);
    assert.equal((await alice.open(certificate, sealed.out)).text, "from rnp", sealed.err);
  });
});
