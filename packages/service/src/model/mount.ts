/**
 * What is mounted: a secrets engine at its path, or an auth method below `auth/`. Names are Vault's. Which there are, the
 * Vault wire says (`mount-types.ts` there).
 */
export type MountType = string;

/** Settings of a mount, as they were given (Vault API: sys/mounts and sys/auth, `config`). Members that were not, are absent. */
export interface MountConfig {
  /** Seconds. */
  readonly defaultLeaseTtl?: number;
  /** Seconds. */
  readonly maxLeaseTtl?: number;
  readonly listingVisibility?: string;
  readonly tokenType?: string;
  readonly auditNonHmacRequestKeys?: readonly string[];
  readonly auditNonHmacResponseKeys?: readonly string[];
  readonly passthroughRequestHeaders?: readonly string[];
  readonly allowedResponseHeaders?: readonly string[];
  /** Seconds, times and switch of the lockout after failed logins (Vault API: sys/auth tune, `user_lockout_config`). */
  readonly userLockout?: {
    readonly threshold?: number;
    readonly durationSeconds?: number;
    readonly counterResetSeconds?: number;
    readonly disabled?: boolean;
  };
  /** Of the engine, such as `version` of KV. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A Vault secrets engine or auth method. */
export interface MountRecord {
  /** Without leading or trailing slash, such as `transit` or `auth/approle`. */
  readonly path: string;
  readonly type: MountType;
  readonly description: string;
  /** `TYPE_8HEX`, as Vault makes it; auth methods have `auth_` before it. */
  readonly accessor: string;
  readonly uuid: string;
  readonly createdAtMs: number;
  readonly config: MountConfig;
  readonly revision: number;
}
