import type { SopsMetadataTree, SopsMetadataValue } from "./document.ts";
import { checkLimit } from "./limits.ts";
import { malformedFile } from "./problems.ts";

/**
 * Metadata in formats that have names and texts alone: a path is one name, such as `kms__list_0__map_arn`.
 * Source: SOPS 3.13, stores/flatten.go.
 */
const mapMark = "__map_";
const listMark = "__list_";

/** What a tree's values are called when they stand beside each other. Empty lists and null leave nothing behind. */
export function flattenMetadata(tree: SopsMetadataTree): readonly (readonly [name: string, text: string])[] {
  const flat: (readonly [string, string])[] = [];
  const add = (name: string, value: SopsMetadataValue): void => {
    if (value === null) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) add(`${name}${listMark}${index}`, item);
    } else if (typeof value === "object") {
      for (const [part, item] of Object.entries(value)) add(`${name}${mapMark}${part}`, item);
    } else {
      flat.push([name, String(value)]);
    }
  };
  for (const [name, value] of Object.entries(tree)) add(name, value);
  return flat;
}

interface Place {
  text?: string;
  readonly names: Map<string, Place>;
  readonly items: Map<string, Place>;
}

/**
 * The tree again; all its values are texts. Objects have no prototype.
 *
 * @throws EnvelopeError MessageMalformed for names that do not fit together; LimitExceeded
 */
export function unflattenMetadata(flat: Iterable<readonly [name: string, text: string]>): SopsMetadataTree {
  const root = newPlace();
  let count = 0;
  for (const [name, text] of flat) {
    checkLimit("leaves", ++count);
    const steps = name.split(/(?=__map_|__list_)/);
    checkLimit("depth", steps.length);
    let place = root;
    for (const step of steps) place = stepInto(place, step, name);
    if (place.text !== undefined) throw malformedFile(`sops has ${name} twice`);
    place.text = text;
  }
  return treeOf(root);
}

function stepInto(place: Place, step: string, name: string): Place {
  if (!step.startsWith(listMark)) {
    return childOf(place.names, step.startsWith(mapMark) ? step.slice(mapMark.length) : step);
  }
  const index = step.slice(listMark.length);
  if (!/^(?:0|[1-9][0-9]{0,5})$/.test(index)) throw malformedFile(`sops has a list without a place in ${name}`);
  return childOf(place.items, index);
}

function childOf(places: Map<string, Place>, key: string): Place {
  const found = places.get(key) ?? newPlace();
  places.set(key, found);
  return found;
}

function newPlace(): Place {
  return { names: new Map(), items: new Map() };
}

function treeOf({ names }: Place): SopsMetadataTree {
  const tree: Record<string, SopsMetadataValue> = Object.create(null);
  for (const [name, place] of names) tree[name] = treeValueOf(place, name);
  return tree;
}

function treeValueOf(place: Place, name: string): SopsMetadataValue {
  const { text, names, items } = place;
  if (Number(text !== undefined) + Number(names.size > 0) + Number(items.size > 0) !== 1) {
    throw malformedFile(`sops has a value and others below it at ${name}`);
  }
  if (text !== undefined) return text;
  if (names.size > 0) return treeOf(place);
  return Array.from({ length: items.size }, (_, index) => {
    const item = items.get(String(index));
    if (item === undefined) throw malformedFile(`sops has a list with a gap at ${name}`);
    return treeValueOf(item, name);
  });
}
