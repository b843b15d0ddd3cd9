/** Where something stands in the text; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A value of the document. */
export type DocumentNode = LiteralNode | ListNode | ObjectNode;

export interface LiteralNode extends Position {
  readonly kind: "literal";
  readonly value: string | number | boolean;
  /** A number as it was written; otherwise the value as text. */
  readonly text: string;
}

export interface ListNode extends Position {
  readonly kind: "list";
  readonly items: readonly DocumentNode[];
}

export interface ObjectNode extends Position {
  readonly kind: "object";
  readonly members: readonly MemberNode[];
}

/** `key = value`, `key { ... }` or `key "label" { ... }`. */
export interface MemberNode extends Position {
  readonly key: string;
  readonly labels: readonly string[];
  readonly value: DocumentNode;
}

/** A policy is refused. The message is for the caller, in the words of the original where it has any. */
export class PolicyRefusal extends Error {}

export function refuseAt(position: Position, reason: string): never {
  throw new PolicyRefusal(`At ${position.line}:${position.column}: ${reason}`);
}
