import type { GrantConstraints, GrantRecord } from "../model/grant.ts";
import { constraintFailure, type GrantUse, pairTexts } from "./constraints.ts";

/** What one or more grants allow alike. */
interface Permission {
  readonly granteeId: string | undefined;
  readonly operations: ReadonlySet<string>;
  readonly constraints: GrantConstraints;
  readonly grantIds: Set<string>;
}

/** Permissions by a text of all that they say. */
type Bucket = Map<string, Permission>;

interface Place {
  readonly bucket: string;
  readonly permission: string;
}

/** Where permissions are that no encryption context and no source narrows. */
const unconstrained = "";
/** How many permissions a refusal is explained by. */
const maxExplained = 64;

/** Why grants of the caller do not allow what it wants. */
export interface GrantRefusal {
  readonly grantId: string;
  readonly failed: "encryptionContext" | "sourceArn" | "delegation";
}

/**
 * The grants of one key for one grantee, in memory. A use is answered by looking at the permissions without constraints
 * and at those that share a pair with its encryption context, however many others there are.
 */
export class GrantSet {
  readonly #buckets = new Map<string, Bucket>();
  readonly #places = new Map<string, Place>();

  /** How many grants it holds. */
  get size(): number {
    return this.#places.size;
  }

  add({ grantId, granteeId, operations, constraints }: GrantRecord): void {
    if (this.#places.has(grantId)) return;
    const permission = JSON.stringify([granteeId, operations, constraints]);
    const name = this.#bucketFor(constraints);
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = new Map();
      this.#buckets.set(name, bucket);
    }
    const known = bucket.get(permission);
    if (known === undefined) {
      bucket.set(permission, { granteeId, operations: new Set(operations), constraints, grantIds: new Set([grantId]) });
    } else {
      known.grantIds.add(grantId);
    }
    this.#places.set(grantId, { bucket: name, permission });
  }

  delete(grantId: string): void {
    const place = this.#places.get(grantId);
    if (place === undefined) return;
    this.#places.delete(grantId);
    const bucket = this.#buckets.get(place.bucket);
    const permission = bucket?.get(place.permission);
    if (bucket === undefined || permission === undefined) return;
    permission.grantIds.delete(grantId);
    if (permission.grantIds.size === 0) bucket.delete(place.permission);
    if (bucket.size === 0) this.#buckets.delete(place.bucket);
  }

  /**
   * The id of a grant that allows the use.
   *
   * @param principalId the caller's unique id: a grant to an earlier principal of that name is none of the caller's
   */
  find(use: GrantUse, principalId: string): string | undefined {
    for (const name of this.#bucketsFor(use)) {
      for (const permission of this.#buckets.get(name)?.values() ?? []) {
        if (!permission.operations.has(use.operation.name) || !isOf(permission, principalId)) continue;
        if (constraintFailure(permission.operations, permission.constraints, use) === undefined) {
          return permission.grantIds.values().next().value;
        }
      }
    }
    return undefined;
  }

  /** A grant of the use's operation that does not allow the use, and why; of many, one of the first. */
  explain(use: GrantUse, principalId: string): GrantRefusal | undefined {
    let seen = 0;
    for (const bucket of this.#buckets.values()) {
      for (const { operations, constraints, grantIds, granteeId } of bucket.values()) {
        seen += 1;
        if (seen > maxExplained) return undefined;
        if (!operations.has(use.operation.name) || !isOf({ granteeId }, principalId)) continue;
        const failed = constraintFailure(operations, constraints, use);
        const [grantId] = grantIds;
        if (failed !== undefined && grantId !== undefined) return { grantId, failed };
      }
    }
    return undefined;
  }

  /** The bucket of new constraints: of those of its pairs the emptiest, so that a pair that all share does no harm. */
  #bucketFor({ encryptionContextEquals, encryptionContextSubset, sourceArn }: GrantConstraints): string {
    const pairs = encryptionContextEquals ?? encryptionContextSubset;
    if (pairs === undefined) return sourceArn === undefined ? unconstrained : `source ${sourceArn}`;
    let best: string | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const text of pairTexts(pairs)) {
      const held = this.#buckets.get(text)?.size ?? 0;
      if (held >= fewest) continue;
      best = text;
      fewest = held;
    }
    return best ?? unconstrained;
  }

  /** The buckets that can hold a permission for a use. */
  #bucketsFor({ operation, context, sourceArn }: GrantUse): Iterable<string> {
    if (!operation.hasContext) return this.#buckets.keys();
    const names = [unconstrained];
    if (sourceArn !== undefined) names.push(`source ${sourceArn}`);
    if (context !== undefined) names.push(...pairTexts(context));
    return names;
  }
}

/** Whether a grant is for the principal of a unique id: for a session's role as well as for the session. */
export function isOf({ granteeId }: { readonly granteeId?: string | undefined }, principalId: string): boolean {
  return granteeId === undefined || granteeId === principalId || principalId.startsWith(`${granteeId}:`);
}
