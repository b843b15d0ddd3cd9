import type { Capabilities, Runtime } from "./capabilities.ts";
import { MessagingError } from "./errors.ts";
import { type ProtocolFacts, type ProtocolId, protocols } from "./protocols.ts";

/** What people build. */
export type UseCase = "instant_messaging" | "email_encryption" | "group_collaboration" | "legacy_chat" | (string & {});

/** What a protocol must have besides. */
export interface Needs {
  readonly runtime?: Runtime;
  /** The peers may be away. */
  readonly offline?: true;
  readonly groups?: true;
  readonly forwardSecrecy?: true;
  readonly postCompromiseSecurity?: true;
  readonly postQuantum?: true;
  /** The program may not come under the AGPL. */
  readonly withoutAgpl?: true;
}

/** A protocol, and why. */
export interface Choice {
  readonly protocol: ProtocolFacts;
  /** Why it, and why not what would be chosen before it. Whole sentences. */
  readonly reasons: readonly string[];
  readonly caveats: readonly string[];
}

interface UseCaseRow {
  readonly why: string;
  /** The first that has what is needed is chosen. */
  readonly order: readonly ProtocolId[];
}

const anythingElse: UseCaseRow = {
  why: "For conversations, the strongest ratchet that there is: each message has a key of its own.",
  order: ["signal", "olm", "mls"],
};

const useCases: ReadonlyMap<string, UseCaseRow> = new Map([
  ["instant_messaging", anythingElse],
  ["email_encryption", { why: "Mail programs and their users' keys are OpenPGP's.", order: ["openpgp"] }],
  [
    "group_collaboration",
    { why: "Rooms with several devices a user, members that come and go, and a history.", order: ["olm", "mls"] },
  ],
  ["legacy_chat", { why: "Old chat programs speak OTR, and nothing newer.", order: ["otr"] }],
]);

interface NeedRow {
  readonly need: keyof Needs;
  /** What lacks, after the protocol's name. */
  readonly lacks: string;
  has(facts: ProtocolFacts, needs: Needs): boolean;
}

const capability = (test: (capabilities: Capabilities) => boolean) => (facts: ProtocolFacts) =>
  test(facts.capabilities);

const needRows: readonly NeedRow[] = [
  {
    need: "runtime",
    lacks: "does not run there",
    has: ({ capabilities }, { runtime }) => runtime === undefined || capabilities.runtimes.includes(runtime),
  },
  { need: "offline", lacks: "needs both sides online", has: capability((has) => has.asynchronous) },
  { need: "groups", lacks: "has no groups", has: capability((has) => has.groups !== "none") },
  {
    need: "forwardSecrecy",
    lacks: "has no forward secrecy",
    has: capability((has) => has.forwardSecrecy !== "none"),
  },
  {
    need: "postCompromiseSecurity",
    lacks: "does not recover from stolen keys",
    has: capability((has) => has.postCompromiseSecurity !== "none"),
  },
  { need: "postQuantum", lacks: "is not post-quantum", has: capability((has) => has.postQuantum !== "none") },
  { need: "withoutAgpl", lacks: "brings the AGPL", has: ({ licence }) => !licence.startsWith("AGPL") },
];

/**
 * Chooses a protocol for a use case, and says why.
 *
 * @param useCase one that has a row; anything else is a conversation
 * @throws MessagingError ImpossibleChoice when no protocol of the use case has what is needed: what each lacks
 */
export function chooseE2EProtocol(useCase: UseCase, needs: Needs = {}): Choice {
  const { why, order } = useCases.get(useCase) ?? anythingElse;
  const refusals: string[] = [];
  for (const id of order) {
    const protocol = protocols.get(id)!;
    const lacking = needRows.filter((row) => needs[row.need] !== undefined && !row.has(protocol, needs));
    if (lacking.length === 0) return { protocol, reasons: [why, ...refusals], caveats: protocol.caveats };
    refusals.push(`${protocol.name} ${lacking.map((row) => row.lacks).join(" and ")}.`);
  }
  throw new MessagingError(
    "ImpossibleChoice",
    `No protocol for "${useCase}" has all that is needed: ${refusals.join(" ")}`,
  );
}
