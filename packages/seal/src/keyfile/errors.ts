/** A key file, or the directory that it is in, that others than its owner could have read or changed. */
export class SealFileUnsafe extends Error {
  readonly path: string;

  /** `reason` goes on after "The seal's"; `remedy` is a whole sentence. */
  constructor(path: string, reason: string, remedy: string) {
    super(`The seal's ${reason}. ${remedy}`);
    this.name = "SealFileUnsafe";
    this.path = path;
  }
}

/** There is no key file, and none was to be made. */
export class SealFileMissing extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(
      `There is no key file at ${path}. Put back the one that this database was sealed with: without it no key in the ` +
        "database can be used.",
      { cause },
    );
    this.name = "SealFileMissing";
    this.path = path;
  }
}

/** The file is no key file of a version that this code knows, or not as it was written. */
export class SealFileDamaged extends Error {
  readonly path: string;

  /** @param reason a clause of which `path` is the subject; holds nothing of the file's content */
  constructor(path: string, reason: string) {
    super(`The key file ${path} ${reason}. Put back a copy of it from a backup.`);
    this.name = "SealFileDamaged";
    this.path = path;
  }
}
