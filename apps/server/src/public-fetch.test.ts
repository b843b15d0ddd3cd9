import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchBounded, isPublicAddress } from "./public-fetch.ts";

test("special addresses are not public, in whichever notation", () => {
  const special =
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.31.255.255 192.168.1.1 198.18.0.1 224.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::a00:1 fc00::1 fd12::1 fe80::1 ff02::1";
  for (const address of special.split(" ")) assert.equal(isPublicAddress(address), false, address);
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) {
    assert.equal(isPublicAddress(address), true, address);
  }
  for (const text of ["", "localhost", "1.2.3", "0x7f.1"]) assert.equal(isPublicAddress(text), false, text);
});

test("hosts that are not public are refused before anything is sent, by number and by name", async () => {
  const bounds = { timeoutMs: 5000, maxBytes: 1000, publicOnly: true };
  for (const host of [
    "127.0.0.1",
    "[::1]",
    "localhost",
    "2130706433",
    "0x7f000001",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
  ]) {
    // Nothing listens on the port: another error would say that the connection was tried.
    await assert.rejects(fetchBounded(new URL(`https://${host}:1/`), {}, bounds), /not public/, host);
  }
  const open = { ...bounds, publicOnly: false };
  await assert.rejects(fetchBounded(new URL("https://127.0.0.1:1/"), {}, open), /ECONNREFUSED/);
});
