import { IDBCursor, IDBCursorWithValue, IDBDatabase, IDBKeyRange, IDBOpenDBRequest, IDBRequest } from "fake-indexeddb";
import type { Factory } from "./indexed-db.ts";

// Matrix's library reads `globalThis.indexedDB` while it opens a store, and asks for the classes of what it got by their
// global names at any time after. There is no other way to hand it a store.
const classes: readonly (readonly [string, NewableFunction])[] = [
  ["IDBCursor", IDBCursor],
  ["IDBCursorWithValue", IDBCursorWithValue],
  ["IDBDatabase", IDBDatabase],
  ["IDBKeyRange", IDBKeyRange],
  ["IDBOpenDBRequest", IDBOpenDBRequest],
  ["IDBRequest", IDBRequest],
];

let areClassesKnown = false;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a task while `indexedDB` is the given one, one task after the other. Others who open a database meanwhile, some
 * milliseconds, would get this one.
 */
export function lendIndexedDb<T>(factory: Factory, task: () => Promise<T>): Promise<T> {
  const run = async () => {
    makeClassesKnown();
    const own = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    Object.defineProperty(globalThis, "indexedDB", { value: factory, configurable: true, enumerable: false });
    try {
      return await task();
    } finally {
      if (own === undefined) Reflect.deleteProperty(globalThis, "indexedDB");
      else Object.defineProperty(globalThis, "indexedDB", own);
    }
  };
  const result = last.then(run, run);
  last = result.catch(() => undefined);
  return result;
}

/** Where there is no IndexedDB, its classes become these; a browser's own and these take each other's instances. */
function makeClassesKnown(): void {
  if (areClassesKnown) return;
  areClassesKnown = true;
  const globals = globalThis as unknown as Record<string, NewableFunction | undefined>;
  for (const [name, ours] of classes) {
    const theirs = globals[name];
    if (theirs === undefined) {
      Object.defineProperty(globalThis, name, { value: ours, configurable: true, writable: true, enumerable: false });
    } else if (theirs !== ours) {
      takeInstancesOf(theirs, ours);
      // The library makes ranges of keys by the browser's class, and they have the same members.
      if (name === "IDBKeyRange") takeInstancesOf(ours, theirs);
    }
  }
}

/** Makes `instanceof one` hold for instances of another class as well; for classes derived from `one` nothing changes. */
function takeInstancesOf(one: NewableFunction, other: NewableFunction): void {
  const isInstance = Function.prototype[Symbol.hasInstance];
  const isOfOther = (value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    Object.prototype.isPrototypeOf.call(other.prototype as object, value);
  Object.defineProperty(one, Symbol.hasInstance, {
    configurable: true,
    value(this: NewableFunction, value: unknown) {
      return isInstance.call(this, value) || (this === one && isOfOther(value));
    },
  });
}
