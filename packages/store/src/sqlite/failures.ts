/** What SQLite says of its surroundings, for operators and callers. */
export interface StoreFault {
  /** A whole sentence that may be shown to a caller: no path, no content. */
  readonly reason: string;
  /** Whether it stays until the server starts anew, whatever works meanwhile. */
  readonly lasting: boolean;
}

const primaryCodeMask = 0xff;
const movedCode = 1032;

function passing(reason: string): StoreFault {
  return { reason, lasting: false };
}

const locked = passing("Another process holds the database's lock.");
const damaged: StoreFault = {
  reason: "The database is damaged. Stop the server and restore a backup.",
  lasting: true,
};

/** Faults by primary result code (SQLite: Result and Error Codes). Every other code is a bug of ours. */
const faults: ReadonlyMap<number, StoreFault> = new Map([
  [3, passing("The server may not use the database's file.")],
  [5, locked],
  [6, locked],
  [7, passing("The server has no memory left for the database.")],
  [8, passing("The disk that holds the database is read-only.")],
  [10, passing("The disk that holds the database reports an input/output error.")],
  [11, damaged],
  [13, passing("The disk that holds the database is full.")],
  [14, passing("The database's file cannot be opened.")],
  [15, locked],
  [26, damaged],
]);

const moved = passing("The database's file is gone or was moved.");

/** What a failure says of the disk, the file or another process; undefined when it says nothing of them. */
export function findFault(cause: unknown): StoreFault | undefined {
  const { errcode } = cause as { errcode?: unknown };
  if (typeof errcode !== "number") return undefined;
  return errcode === movedCode ? moved : faults.get(errcode & primaryCodeMask);
}
