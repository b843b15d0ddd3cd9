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
  readonly forceNoCache?: boolean;
  readonly local?: boolean;
  readonly sealWrap?: boolean;
  readonly externalEntropyAccess?: boolean;
  /** Whether its secrets of KV version 1 are being made versions: until then it is closed. Never shown. */
  readonly upgrading?: boolean;
  /** Of the engine, such as `version` of KV. */
  readonly options?: Readonly<Record<string, string>>;
}

/** New settings of a mount: members that are undefined go, those that are absent stay. */
export type MountConfigChange = { readonly [Member in keyof MountConfig]?: MountConfig[Member] | undefined };

/** A Vault secrets engine or auth method. */
export interface MountRecord {
  /** Without leading or trailing slash, such as `transit` or `auth/approle`. */
  readonly path: string;
  readonly type: MountType;
  readonly description: string;
  /** `TYPE_8HEX`, as Vault makes it; auth methods have `auth_` before it. */
  readonly accessor: string;
  readonly uuid: string;
  /** When it was enabled at this path. */
  readonly createdAtMs: number;
  readonly config: MountConfig;
  /** 0 for a built-in mount that nobody changed: the store does not have it. */
  readonly revision: number;
}
