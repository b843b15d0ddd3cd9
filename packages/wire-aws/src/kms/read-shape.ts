import { invariant } from "@coffer/service";
import { shapesByName } from "./amended-shapes.ts";
import { base64Problem, decodeBase64 } from "./base64.ts";
import type { Shape } from "./model-shape.ts";
import { Problems, quoted, refuseContainer, refuseSerialization, refuseType } from "./problems.ts";

/**
 * Reads one parsed JSON value that is not null: checks its type, notes which constraints it violates, and gives what the
 * codecs work with (bytes for blobs, else the value).
 */
type Reader = (value: unknown, path: string, problems: Problems) => unknown;

type ShapeOf<T extends Shape["type"]> = Extract<Shape, { readonly type: T }>;

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

const maxInteger = 2_147_483_647;

/** Strings that stand for an authority of their own: never repeated in an answer, although the model does not say so. */
const unspokenShapes: ReadonlySet<string> = new Set(["GrantTokenType"]);

/** The shapes of one service's model, with the readers made of them. */
export class ShapeReaders {
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #readers = new Map<string, Reader>();

  /** @param byName the shapes of the model by their names */
  constructor(byName: ReadonlyMap<string, Shape>) {
    this.#shapes = byName;
  }

  /**
   * Makes the reader of an operation's input, once. It ignores unknown members and takes null for absent, as AWS does.
   *
   * @param name the structure's name in the model
   * @returns a function of the parsed body that throws ServiceError InvalidInput, kind `serialization` or `validation`
   */
  inputReader<Input>(name: string): (body: unknown) => Input {
    const read = this.readerOf(name);
    return (body) => {
      const problems = new Problems();
      const input = read(body, "", problems);
      problems.refuse();
      return input as Input;
    };
  }

  shapeOf(name: string): Shape {
    const shape = this.#shapes.get(name);
    invariant(shape !== undefined, "the model has every shape that it names");
    return shape;
  }

  readerOf(name: string): Reader {
    const known = this.#readers.get(name);
    if (known !== undefined) return known;
    const reader = makeReader(this, name);
    this.#readers.set(name, reader);
    return reader;
  }

  isSensitive(name: string): boolean {
    return "sensitive" in this.shapeOf(name);
  }
}

const kmsShapes = new ShapeReaders(shapesByName);

/** The reader of an operation's input of AWS KMS. See {@link ShapeReaders.inputReader}. */
export function inputReader<Input>(name: string): (body: unknown) => Input {
  return kmsShapes.inputReader(name);
}

function makeReader(model: ShapeReaders, name: string): Reader {
  const shape = model.shapeOf(name);
  if (shape.type === "structure") return structureReader(model, shape);
  if (shape.type === "list") return listReader(model, shape);
  if (shape.type === "map") return readMap;
  if (shape.type === "string") return stringReader(name, shape);
  if (shape.type === "blob") return blobReader(shape);
  if (shape.type === "integer") return integerReader(shape);
  if (shape.type === "timestamp") return readTimestamp;
  return readBoolean;
}

function structureReader(model: ShapeReaders, shape: ShapeOf<"structure">): Reader {
  const members = Object.entries(shape.members).map(([name, target]) => ({
    name,
    path: name.charAt(0).toLowerCase() + name.slice(1),
    required: shape.required.includes(name),
    sensitive: model.isSensitive(target),
    read: model.readerOf(target),
  }));
  return (value, path, problems) => {
    if (typeof value !== "object" || Array.isArray(value)) refuseContainer(value, "null");
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const member of members) {
      // The names are the model's own, none of which Object.prototype has.
      const sent = source[member.name];
      const at = path === "" ? member.path : `${path}.${member.path}`;
      if (sent !== undefined && sent !== null) result[member.name] = member.read(sent, at, problems);
      else if (member.required) problems.add(at, member.sensitive ? undefined : "null", "Member must not be null");
    }
    return result;
  };
}

function listReader(model: ShapeReaders, shape: ShapeOf<"list">): Reader {
  const member = model.shapeOf(shape.member);
  const read = model.readerOf(shape.member);
  // AWS tells of a bad element of a structure by its own path, and of a bad scalar by the path of the whole list.
  const scalar = member.type === "structure" ? undefined : member;
  const show =
    scalar === undefined || model.isSensitive(shape.member) || unspokenShapes.has(shape.member) ? undefined : showList;
  return (value, path, problems) => {
    if (!Array.isArray(value)) refuseContainer(value, "list or null");
    const elements = value.filter((element) => element !== null);
    if (isOutside(elements.length, shape))
      addBounds(elements.length, shape, show?.(elements), path, problems, "length");
    if (scalar === undefined) return elements.map((each, index) => read(each, `${path}.${index + 1}.member`, problems));
    const own = new Problems();
    const result = elements.map((each) => read(each, path, own));
    if (!own.isEmpty)
      problems.add(path, show?.(elements), `Member must satisfy constraint: [${constraintsOf(scalar)}]`);
    return result;
  };
}

function showList(elements: readonly unknown[]): string {
  return quoted(`[${elements.join(", ")}]`);
}

/** Every constraint of a scalar shape, as AWS lists them for the elements of a list. */
function constraintsOf(shape: Shape): string {
  const texts: string[] = [];
  const { max, min } = shape as Bounds;
  if (max !== undefined) texts.push(`Member must have length less than or equal to ${max}`);
  if (min !== undefined) texts.push(`Member must have length greater than or equal to ${min}`);
  if (shape.type === "string" && shape.pattern !== undefined) texts.push(patternText(shape.pattern));
  if (shape.type === "string" && shape.enum !== undefined) texts.push(enumText(shape.enum));
  return texts.join(", ");
}

function readMap(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuseContainer(value, "map or null");
  const source = value as Record<string, unknown>;
  let hasNull = false;
  for (const name of Object.keys(source)) {
    const item = source[name];
    if (item === null) hasNull = true;
    else if (typeof item !== "string") refuseType(item, "a String");
    else if (!name.isWellFormed() || !item.isWellFormed()) refuseUnicode();
  }
  return hasNull ? withoutNulls(source) : (source as Record<string, string>);
}

function withoutNulls(source: Record<string, unknown>): Record<string, string> {
  const result: Record<string, string> = Object.create(null);
  for (const name of Object.keys(source)) if (source[name] !== null) result[name] = source[name] as string;
  return result;
}

function refuseUnicode(): never {
  refuseSerialization("A string is not valid Unicode: it has a lone surrogate");
}

/** Only these need the flag, under which some of the model's other escapes would not be allowed. */
const isUnicode = /\\[pu]\{/;

function stringReader(name: string, shape: ShapeOf<"string">): Reader {
  const { pattern, enum: values } = shape;
  const allowed = values === undefined ? undefined : new Set(values);
  const matcher =
    pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`, isUnicode.test(pattern) ? "u" : "");
  const hidden = shape.sensitive === true || unspokenShapes.has(name);
  const show = (value: string) => (hidden ? undefined : quoted(value));
  return (value, path, problems) => {
    if (typeof value !== "string") refuseType(value, "a String");
    if (!value.isWellFormed()) refuseUnicode();
    if (isOutside(value.length, shape)) addBounds(value.length, shape, show(value), path, problems, "length");
    if (matcher !== undefined && pattern !== undefined && !matcher.test(value)) {
      problems.add(path, show(value), patternText(pattern));
    }
    if (allowed !== undefined && values !== undefined && !allowed.has(value)) {
      problems.add(path, show(value), enumText(values));
    }
    return value;
  };
}

function patternText(pattern: string): string {
  return `Member must satisfy regular expression pattern: ${pattern}`;
}

function enumText(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(", ")}]`;
}

function blobReader(shape: ShapeOf<"blob">): Reader {
  const hidden = shape.sensitive === true;
  return (value, path, problems) => {
    if (typeof value !== "string") refuseType(value, "a Blob");
    const bytes = decodeBase64(value);
    if (bytes === undefined)
      refuseSerialization(`STRING_VALUE can not be converted to a Blob: ${base64Problem(value)}`);
    const { length } = bytes;
    if (isOutside(length, shape)) {
      const shown = hidden ? undefined : `'java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]'`;
      addBounds(length, shape, shown, path, problems, "length");
    }
    return bytes;
  };
}

function integerReader(shape: ShapeOf<"integer">): Reader {
  return (value, path, problems) => {
    if (typeof value !== "number") refuseType(value, "an Integer");
    // As AWS does: fractions are cut off, and what is too large for 32 bits is the largest that fits.
    const integer = Math.min(Math.max(Math.trunc(value) + 0, -maxInteger - 1), maxInteger);
    if (isOutside(integer, shape)) addBounds(integer, shape, `'${integer}'`, path, problems, "value");
    return integer;
  };
}

/** ECMA-262: the last time of a Date, in seconds. */
const maxTimestampSeconds = 8.64e12;

function readTimestamp(value: unknown): number {
  if (typeof value !== "number" || !(Math.abs(value) <= maxTimestampSeconds)) {
    refuseType(value, "milliseconds since epoch");
  }
  return value;
}

function readBoolean(value: unknown): boolean {
  if (typeof value !== "boolean") refuseType(value, "a Boolean");
  return value;
}

function isOutside(measure: number, { min, max }: Bounds): boolean {
  return (max !== undefined && measure > max) || (min !== undefined && measure < min);
}

function addBounds(
  measure: number,
  { min, max }: Bounds,
  shown: string | undefined,
  path: string,
  problems: Problems,
  kind: "length" | "value",
): void {
  if (max !== undefined && measure > max) {
    problems.add(path, shown, `Member must have ${kind} less than or equal to ${max}`);
  }
  if (min !== undefined && measure < min) {
    problems.add(path, shown, `Member must have ${kind} greater than or equal to ${min}`);
  }
}
