/** Another process has the database open, or holds its lock. */
export class StoreInUse extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`The database ${path} is in use by another process. Stop that process, or use another data directory.`, {
      cause,
    });
    this.name = "StoreInUse";
    this.path = path;
  }
}

/** A newer version has changed the database's schema. */
export class StoreTooNew extends Error {
  readonly path: string;
  /** The name of a migration that this version does not know. */
  readonly migration: string;

  constructor(path: string, migration: string) {
    super(
      `The database ${path} was written by a newer version of Coffer: it has the migration ${migration}, which this ` +
        "version does not know. Start that version, or restore a backup made by this one.",
    );
    this.name = "StoreTooNew";
    this.path = path;
    this.migration = migration;
  }
}
