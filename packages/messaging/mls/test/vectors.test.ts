import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { type ClientState, joinGroup, makePskIndex, type PrivateKeyPackage, processMessage } from "ts-mls";
import { decodeRatchetTree } from "ts-mls/ratchetTree.js";
import { decodeMessage } from "../src/messages.ts";
import { loadSuite } from "../src/suites.ts";

/** A member's view of a group, as the working group recorded it. Octets are hexadecimal. */
interface Scenario {
  readonly file: string;
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[];
  readonly key_package: string;
  readonly signature_priv: string;
  readonly encryption_priv: string;
  readonly init_priv: string;
  readonly welcome: string;
  readonly ratchet_tree: string | null;
  readonly initial_epoch_authenticator: string;
  readonly epochs: readonly {
    readonly proposals: readonly string[];
    readonly commit: string;
    readonly epoch_authenticator: string;
  }[];
}

const file = join(import.meta.dirname, "../../../../vectors/mls/passive-client.json.gz");
const scenarios = JSON.parse(gunzipSync(readFileSync(file)).toString()) as readonly Scenario[];
const suite = await loadSuite();

async function joined(scenario: Scenario): Promise<ClientState> {
  const welcome = decodeMessage(Uint8Array.fromHex(scenario.welcome));
  const keyPackage = decodeMessage(Uint8Array.fromHex(scenario.key_package));
  assert.ok(welcome?.wireformat === "mls_welcome" && keyPackage?.wireformat === "mls_key_package");
  const privateKeys: PrivateKeyPackage = {
    initPrivateKey: Uint8Array.fromHex(scenario.init_priv),
    hpkePrivateKey: Uint8Array.fromHex(scenario.encryption_priv),
    signaturePrivateKey: Uint8Array.fromHex(scenario.signature_priv),
  };
  const tree =
    scenario.ratchet_tree === null ? undefined : decodeRatchetTree(Uint8Array.fromHex(scenario.ratchet_tree), 0)?.[0];
  return joinGroup(welcome.welcome, keyPackage.keyPackage, privateKeys, pskIndex(scenario, undefined), suite, tree);
}

function pskIndex({ external_psks }: Scenario, group: ClientState | undefined) {
  return makePskIndex(
    group,
    Object.fromEntries(
      external_psks.map(({ psk_id, psk }) => [Uint8Array.fromHex(psk_id).toBase64(), Uint8Array.fromHex(psk)]),
    ),
  );
}

async function take(scenario: Scenario, group: ClientState, message: string): Promise<ClientState> {
  const decoded = decodeMessage(Uint8Array.fromHex(message));
  assert.ok(decoded?.wireformat === "mls_private_message" || decoded?.wireformat === "mls_public_message");
  const { newState } = await processMessage(decoded, group, pskIndex(scenario, group), () => "accept", suite);
  return newState;
}

describe("mls: the working group's vectors, as a client that only follows", () => {
  for (const [at, scenario] of scenarios.entries()) {
    it(`${scenario.file} ${at}: ${scenario.epochs.length} epochs`, async () => {
      let group = await joined(scenario);
      assert.equal(group.keySchedule.epochAuthenticator.toHex(), scenario.initial_epoch_authenticator);
      for (const { proposals, commit, epoch_authenticator } of scenario.epochs) {
        for (const message of [...proposals, commit]) group = await take(scenario, group, message);
        assert.equal(group.keySchedule.epochAuthenticator.toHex(), epoch_authenticator);
      }
    });
  }
});
