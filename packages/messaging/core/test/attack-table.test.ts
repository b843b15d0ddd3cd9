import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../../../..");
const contract = "packages/messaging/core/src/testing/protocol-contract.ts";
const groups = "packages/messaging/core/src/testing/group-contract.ts";
const attacks = "packages/messaging/core/src/testing/service/test-attacks.ts";
const crashes = "packages/messaging/core/src/testing/service/test-crash.ts";
const log = "packages/messaging/core/src/testing/service/test-log.ts";
const relay = "packages/messaging/relay/test/promises.test.ts";
const olm = "packages/messaging/olm/test";

/** Each attack that messages have to stand, and the tests that show it. The suites below `testing` run for every protocol. */
const table: readonly (readonly [attack: string, tests: readonly (readonly [file: string, name: string])[]])[] = [
  [
    "replay under the same or another id",
    [
      [contract, "opens a message once: again it is a duplicate, and changes nothing"],
      [groups, "opens a message once, under whatever id it comes"],
      [`${olm}/megolm.test.ts`, "knows a message that comes again after a restart, under any id"],
      [attacks, "cannot show a message twice, under whatever id, or in another conversation"],
    ],
  ],
  [
    "reordered, dropped, late, and past what is skipped",
    [
      [contract, "opens messages in any order"],
      [
        `${olm}/olm.test.ts`,
        "opens a message after 40 that come later, and tells when more were skipped than are kept",
      ],
      [
        "packages/messaging/signal/test/secrecy.test.ts",
        "opens 2,000 skipped messages of a chain; the one before is lost, and said to be",
      ],
      [attacks, "cannot lose a message unseen by damaging it: its sender is asked once to send it again"],
    ],
  ],
  [
    "flipped bits, truncation, another recipient",
    [
      [contract, "opens nothing that was changed, and goes on afterwards"],
      [contract, "opens nothing that was meant for another"],
      [groups, "opens nothing that was changed, of another sender or of another group"],
      [attacks, "cannot have a message taken that its sender bound to another user"],
    ],
  ],
  [
    "one-time keys that are used up, or claimed side by side",
    [
      [contract, "writes to who has no one-time key left"],
      [relay, "a one-time key goes out at most once, also under 100 parallel claims"],
      [relay, "a one-time key that went out does not come in again"],
    ],
  ],
  [
    "swapped identities, injected devices",
    [
      [contract, "opens nothing of an identity that the sender's device list does not name"],
      [contract, "begins no session by a bundle whose keys are not of its identity"],
      [attacks, "cannot add a device to a user"],
      [attacks, "cannot swap an account: nothing goes until the new identity is accepted"],
      [attacks, "cannot swap the keys of a listed device"],
      ["apps/server/test/messaging-demo.test.ts", "is refused, and nothing is sent"],
    ],
  ],
  [
    "removed devices",
    [
      [groups, "lets a removed member read nothing more"],
      [groups, "takes a member in, who does not read the past"],
      [relay, "removing a device erases its keys, tokens and mailbox"],
    ],
  ],
  [
    "state that was set back",
    [
      [crashes, "that was set back is refused, when it is opened and when it sends"],
      [crashes, "that was copied and goes on twice is refused where it is behind"],
      [relay, "a device that was set back is refused"],
      ["packages/messaging/core/src/node/directory-vault.test.ts", "refuses an older copy of itself"],
    ],
  ],
  [
    "crashes between encrypting and sending, and between decrypting and acknowledging",
    [
      [crashes, "before its first message was encrypted sends it later"],
      [crashes, "while it handled a message gets that one again, and none that it had handled"],
      [contract, "keeps nothing of a transaction that failed"],
      [relay, "the same message again is kept once"],
    ],
  ],
  [
    "commits and sessions at the same time",
    [
      [groups, "lets one of two changes of an epoch win, and the other be made anew"],
      [contract, "finds together when both begin at once"],
      [relay, "one commit an epoch is taken, and the others get it"],
    ],
  ],
  [
    "split views of the log, keys that are gone or others",
    [
      [log, "is found out by what peers tell each other when it shows them different logs"],
      [log, "cannot have two heads of one size"],
      ["apps/server/test/messaging-vault.test.ts", "opens while the key may be used, and loses nothing meanwhile"],
      [
        "packages/messaging/core/src/node/directory-vault.test.ts",
        "does not open under another key, passphrase or without its parts, with one message",
      ],
    ],
  ],
];

describe("attacks on messages", () => {
  for (const [attack, tests] of table) {
    it(`${attack}: each has its tests`, () => {
      for (const [file, name] of tests) {
        assert.ok(readFileSync(join(root, file), "utf8").includes(name), `${file} has no test "${name}"`);
      }
    });
  }
});
