import { MessagingError, type StateTransaction } from "@coffer/messaging";
import { type ClientState, decodeGroupState, encodeGroupState, type GroupState } from "ts-mls";
import type { Trust } from "./trust.ts";

/** Decoded states that are held, at most. */
const maxDecoded = 32;

/**
 * The states of groups as records. What was decoded last is held beside its bytes and taken again as long as the record
 * has the same ones, so that nothing counts but the record.
 */
export class GroupStates {
  readonly #decoded = new Map<string, { readonly bytes: Uint8Array; readonly state: GroupState }>();

  /** @throws MessagingError VaultUnreadable */
  async read(state: StateTransaction, record: string, trust: Trust): Promise<ClientState | undefined> {
    const bytes = await state.get(record);
    if (bytes === undefined) return undefined;
    const decoded = this.#decoded.get(record);
    if (decoded !== undefined && isSame(decoded.bytes, bytes)) return { ...decoded.state, clientConfig: trust.config };
    const [read, end] = decodeGroupState(bytes, 0) ?? [];
    if (read === undefined || end !== bytes.length) {
      throw new MessagingError(
        "VaultUnreadable",
        "The state of a group cannot be read: restore the vault of a backup.",
      );
    }
    this.#hold(record, bytes, read);
    return { ...read, clientConfig: trust.config };
  }

  write(state: StateTransaction, record: string, group: ClientState): void {
    const bytes = encodeGroupState(group);
    state.put(record, bytes);
    this.#hold(record, bytes, group);
  }

  delete(state: StateTransaction, record: string): void {
    state.delete(record);
    this.#decoded.delete(record);
  }

  #hold(record: string, bytes: Uint8Array, state: GroupState): void {
    this.#decoded.delete(record);
    this.#decoded.set(record, { bytes, state });
    if (this.#decoded.size > maxDecoded) this.#decoded.delete(this.#decoded.keys().next().value!);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
