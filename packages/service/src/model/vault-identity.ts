/** Who somebody is over all auth methods, with policies of its own (Vault: Identity secrets engine). */
export interface VaultEntity {
  readonly id: string;
  /** Unique, whatever its case. */
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of ACL policies that join those of its tokens; never `root`. */
  readonly policies: readonly string[];
  /** Its tokens may do nothing. */
  readonly disabled: boolean;
  /** At most one a mount. */
  readonly aliases: readonly VaultAlias[];
  /** The groups that it is a member of itself. */
  readonly groupIds: readonly string[];
  /** Ids of the entities that were merged into it: their tokens are its own. */
  readonly mergedEntityIds: readonly string[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What one auth mount calls an entity. */
export interface VaultAlias {
  readonly id: string;
  readonly mountAccessor: string;
  /** With `auth/`, without a slash at its end. */
  readonly mountPath: string;
  readonly mountType: string;
  /** Unique at its mount, whatever its case. */
  readonly name: string;
  /** From the last login. */
  readonly metadata: Readonly<Record<string, string>>;
  /** From operators. */
  readonly customMetadata: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What one auth mount calls an external group. */
export type VaultGroupAlias = Omit<VaultAlias, "metadata" | "customMetadata">;

/** A group of entities and of other groups, whose policies join those of its members. */
export interface VaultGroup {
  readonly id: string;
  readonly name: string;
  /** Who is in an external group is told by an auth mount at each login, and kept with its members alone. */
  readonly type: "internal" | "external";
  /** Of external groups. */
  readonly alias?: VaultGroupAlias;
  readonly metadata: Readonly<Record<string, string>>;
  readonly policies: readonly string[];
  readonly memberEntityIds: readonly string[];
  readonly memberGroupIds: readonly string[];
  readonly parentGroupIds: readonly string[];
  /** Counts its changes from 1. */
  readonly modifyIndex: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
