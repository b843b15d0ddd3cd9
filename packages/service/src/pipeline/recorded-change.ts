import type { Core } from "../core.ts";
import type { ChangeEvent } from "./unrecorded.ts";

/** A change on its way into store and audit trail. */
export interface RecordedChange {
  /** The core to make the change with: its first commit carries the audit record of the change into the outbox. */
  readonly core: Core;
  /** Whether that commit was made: from then on the trail has to tell of it. */
  isMade(): boolean;
}

/**
 * Has a change and its audit record committed together, so that no change is made that the trail never tells of.
 *
 * @param event the record, asked for when the change commits
 */
export function recordedChange(core: Core, event: () => ChangeEvent): RecordedChange {
  let made = false;
  return {
    core: {
      ...core,
      async commit(writes) {
        if (made) return core.commit(writes);
        await core.commit([...writes, ...core.unrecorded.outboxWrites(event())]);
        made = true;
      },
    },
    isMade: () => made,
  };
}
