import type { Capabilities } from "./capabilities.ts";

/** The protocols that there are packages for. */
export type ProtocolId = "signal" | "olm" | "mls" | "openpgp" | "otr";

/** One protocol as people choose it. */
export interface ProtocolFacts {
  readonly id: ProtocolId;
  readonly name: string;
  /** The package that a program registers. */
  readonly packageName: string;
  /** SPDX, of what the program then contains. */
  readonly licence: string;
  readonly capabilities: Capabilities;
  /** What whoever picks it must know. Whole sentences. */
  readonly caveats: readonly string[];
}

const runtimes = { both: ["node", "browser"], node: ["node"] } as const;

/** Every protocol, by its id. What is said of a library was found by running it. */
export const protocols: ReadonlyMap<ProtocolId, ProtocolFacts> = new Map(
  [
    {
      id: "signal",
      name: "Signal (PQXDH, Double Ratchet, SPQR)",
      packageName: "@coffer/messaging-signal",
      licence: "AGPL-3.0-only",
      capabilities: {
        forwardSecrecy: "message",
        postCompromiseSecurity: "roundTrip",
        asynchronous: true,
        groups: "senderKeys",
        postQuantum: "hybrid",
        runtimes: runtimes.node,
        replayCheck: "library",
        rollbackSafe: false,
      },
      caveats: [
        "A program that loads it is distributed under the AGPL as a whole.",
        "Signal does not support its library outside of Signal; the version is pinned.",
        "It does not run in browsers.",
      ],
    },
    {
      id: "olm",
      name: "Matrix (Olm between two, Megolm in rooms)",
      packageName: "@coffer/messaging-olm",
      licence: "Apache-2.0",
      capabilities: {
        forwardSecrecy: "message",
        postCompromiseSecurity: "roundTrip",
        asynchronous: true,
        groups: "senderKeys",
        postQuantum: "none",
        runtimes: runtimes.both,
        replayCheck: "adapter",
        rollbackSafe: false,
      },
      caveats: [
        "In rooms (Megolm) forward secrecy is partial, and an attacker is shut out by the next rotation only.",
        "Olm keeps 40 skipped message keys of a chain: devices get their messages in order.",
      ],
    },
    {
      id: "mls",
      name: "Messaging Layer Security (RFC 9420)",
      packageName: "@coffer/messaging-mls",
      licence: "MIT",
      capabilities: {
        forwardSecrecy: "message",
        postCompromiseSecurity: "commit",
        asynchronous: true,
        groups: "tree",
        postQuantum: "none",
        runtimes: runtimes.both,
        replayCheck: "library",
        rollbackSafe: false,
      },
      caveats: [
        "The library was not audited.",
        "Somebody has to put commits in order: the relay does.",
        "Post-quantum suites have no stable numbers yet, so none is offered.",
        "Between two devices nothing heals before the keys are rotated; in groups each commit does.",
      ],
    },
    {
      id: "openpgp",
      name: "OpenPGP (RFC 9580)",
      packageName: "@coffer/messaging-openpgp",
      licence: "LGPL-3.0-or-later",
      capabilities: {
        forwardSecrecy: "none",
        postCompromiseSecurity: "none",
        asynchronous: true,
        groups: "recipients",
        postQuantum: "none",
        runtimes: runtimes.both,
        replayCheck: "adapter",
        rollbackSafe: false,
      },
      caveats: ["Who gets the key reads all that was ever sent to it."],
    },
    {
      id: "otr",
      name: "Off-the-Record Messaging, version 3",
      packageName: "@coffer/messaging-otr",
      licence: "MPL-2.0",
      capabilities: {
        forwardSecrecy: "round",
        postCompromiseSecurity: "roundTrip",
        asynchronous: false,
        groups: "none",
        postQuantum: "none",
        runtimes: runtimes.node,
        replayCheck: "library",
        rollbackSafe: false,
      },
      caveats: [
        "Legacy: DSA with 1024 bits and SHA-1, and a library that nobody maintains. For old peers alone.",
        "Both sides must be online, and a conversation ends with the program.",
        "Nobody tried it in browsers.",
      ],
    },
  ].map((facts) => [facts.id, facts] as const) as Iterable<readonly [ProtocolId, ProtocolFacts]>,
);
