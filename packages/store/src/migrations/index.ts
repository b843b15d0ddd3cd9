import { initial } from "./0001-initial.ts";
import { auditOutbox } from "./0002-audit-outbox.ts";
import { keys } from "./0003-keys.ts";
import { identities } from "./0004-identities.ts";
import { customKeyStores } from "./0005-custom-key-stores.ts";
import { keyUsage } from "./0006-key-usage.ts";
import { grants } from "./0007-grants.ts";
import { vault } from "./0008-vault.ts";
import { transit } from "./0009-transit.ts";
import { tokenLeases } from "./0011-token-leases.ts";
import type { Migration } from "./migrate.ts";

/** All migrations, oldest first. */
export const migrations: readonly Migration[] = [
  initial,
  auditOutbox,
  keys,
  identities,
  customKeyStores,
  keyUsage,
  grants,
  vault,
  transit,
  tokenLeases,
];
