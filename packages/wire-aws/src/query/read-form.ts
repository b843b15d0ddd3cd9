import { decodeUtf8, ServiceError } from "@coffer/service";
import type { Shape } from "../kms/model-shape.ts";
import { refuseSerialization } from "../kms/problems.ts";
import { awsLimits } from "../limits.ts";

/** The fields of a form as a tree: `Tags.member.1.Key` is three levels down. */
export interface FormNode {
  value?: string;
  readonly below: Map<string, FormNode>;
}

const indexPattern = /^[1-9]\d{0,4}$/;

function newNode(): FormNode {
  return { below: new Map() };
}

/**
 * Reads a form or query. A field that is sent twice counts once, as it came first.
 *
 * @throws ServiceError InvalidInput when it is too long or no UTF-8
 */
export function readForm(form: Uint8Array): FormNode {
  const text = form.byteLength > awsLimits.formBytes.value ? undefined : decodeUtf8(form);
  if (text === undefined) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: `The form is not UTF-8 or has more than ${awsLimits.formBytes.value} bytes.`,
    });
  }
  const root = newNode();
  for (const [name, value] of new URLSearchParams(text)) {
    // No member of a model is deeper; made-up names must not make long chains.
    const parts = name.split(".", awsLimits.formDepth.value + 1);
    if (parts.length > awsLimits.formDepth.value) continue;
    let node = root;
    for (const part of parts) {
      let next = node.below.get(part);
      if (next === undefined) {
        next = newNode();
        node.below.set(part, next);
      }
      node = next;
    }
    node.value ??= value;
  }
  return root;
}

/** The value of a field at the top. */
export function fieldOf(form: FormNode, name: string): string | undefined {
  return form.below.get(name)?.value;
}

/**
 * A form as the value of a shape, still to be checked against its constraints (AWS query protocol).
 *
 * @param shapeOf a shape of the model by its name
 * @throws ServiceError InvalidInput kind `serialization`
 */
export function decodeForm(form: FormNode, name: string, shapeOf: (name: string) => Shape): unknown {
  const shape = shapeOf(name);
  if (shape.type === "structure") {
    const value: Record<string, unknown> = {};
    for (const [member, target] of Object.entries(shape.members)) {
      const node = form.below.get(member);
      if (node !== undefined) value[member] = decodeForm(node, target, shapeOf);
    }
    return value;
  }
  if (shape.type === "list") {
    const members = form.below.get("member")?.below ?? new Map<string, FormNode>();
    return [...members]
      .filter(([index]) => indexPattern.test(index))
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, node]) => decodeForm(node, shape.member, shapeOf));
  }
  const { value } = form;
  if (value === undefined) return undefined;
  if (shape.type === "integer") return readInteger(value);
  if (shape.type === "boolean") return readBoolean(value);
  return value;
}

function readInteger(text: string): number {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : refuseSerialization("A field is not an integer.");
}

function readBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  return refuseSerialization("A field is neither true nor false.");
}
