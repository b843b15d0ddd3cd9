import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { StoreConflict } from "../../../ports/store.ts";
import { refuseLogin } from "../auth-operation.ts";

/** Who is logging in, as lockouts know them: by what the method itself finds them by, so no other spelling is another user. */
export interface LoginUser {
  readonly mount: MountRecord;
  /** The alias: a user name in lower case, a role id without spaces around it. */
  readonly alias: string;
}

/** A lock that outlives a restart. */
export interface LockedUser {
  readonly mountAccessor: string;
  readonly alias: string;
  readonly lastFailedAtMs: number;
}

/** Where users are that are locked out, by the mount's accessor and a digest of the alias. */
export const lockedUsersArea = "sys/locked-users";

/** OpenBao, internal/configutil: five failures lock for 15 minutes; 15 minutes without one, and counting starts again. */
const usual = { threshold: 5, durationSeconds: 900, counterResetSeconds: 900, disabled: false };

function settingsOf({ config }: MountRecord): typeof usual {
  const { threshold, durationSeconds, counterResetSeconds, disabled } = config.userLockout ?? {};
  return {
    threshold: threshold || usual.threshold,
    durationSeconds: durationSeconds || usual.durationSeconds,
    counterResetSeconds: counterResetSeconds || usual.counterResetSeconds,
    disabled: disabled ?? usual.disabled,
  };
}

export function lockedUserName(mountAccessor: string, alias: string): string {
  return `${mountAccessor}/${sha256Hex(alias)}`;
}

/** How a user's failures are counted. */
export function countName(mountAccessor: string, alias: string): string {
  return `${mountAccessor}/${alias}`;
}

/**
 * Runs a login behind the lock of its user. Logins of one user go one after the other: of guesses at once, each sees the
 * failures before it. `fail` counts a failure; a login that succeeds has the count start again.
 *
 * @throws ServiceError AccessDenied while the user is locked out, or would be if there were one of that name
 */
export async function behindLock<T>(
  core: Core,
  user: LoginUser,
  nowMs: number,
  logIn: (fail: (isKnown: boolean) => Promise<void>) => Promise<T>,
): Promise<T> {
  const { mount, alias } = user;
  const settings = settingsOf(mount);
  if (settings.disabled) return logIn(async () => {});
  const counted = countName(mount.accessor, alias);
  return core.turns.take(`login ${counted}`, async () => {
    if (await isLocked(core, user, settings, nowMs)) refuseLogin(mount);
    const result = await logIn((isKnown) => countFailure(core, user, isKnown, settings, nowMs));
    core.failedLogins.forget(counted);
    return result;
  });
}

async function isLocked(
  core: Core,
  { mount, alias }: LoginUser,
  { threshold, durationSeconds }: typeof usual,
  nowMs: number,
): Promise<boolean> {
  const isRecent = (atMs: number) => nowMs - atMs < durationSeconds * 1000;
  const failures = core.failedLogins.of(countName(mount.accessor, alias));
  if (failures !== undefined) return failures.count >= threshold && isRecent(failures.lastAtMs);
  const name = lockedUserName(mount.accessor, alias);
  const locked = await core.vaultEntries.get<LockedUser>(lockedUsersArea, name);
  return locked !== undefined && isRecent(locked.value.lastFailedAtMs);
}

async function countFailure(
  core: Core,
  { mount, alias }: LoginUser,
  isKnown: boolean,
  { threshold, durationSeconds, counterResetSeconds }: typeof usual,
  nowMs: number,
): Promise<void> {
  const counted = countName(mount.accessor, alias);
  const { count } = core.failedLogins.note(counted, isKnown, counterResetSeconds * 1000, nowMs);
  // Names that nobody has are not written down: they would fill the store.
  if (count < threshold || !isKnown) return;
  const locked: LockedUser = { mountAccessor: mount.accessor, alias, lastFailedAtMs: nowMs };
  const name = lockedUserName(mount.accessor, alias);
  try {
    await core.commit(core.vaultEntries.replace(lockedUsersArea, name, locked, nowMs + durationSeconds * 1000));
  } catch (error) {
    // Another node locked the same user at once.
    if (!(error instanceof StoreConflict)) throw error;
  }
}
