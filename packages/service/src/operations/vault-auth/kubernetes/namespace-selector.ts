import { parseStrictJson } from "@coffer/policy";

/** Labels that a namespace must have (Kubernetes: LabelSelector, `matchLabels`). */
export type NamespaceSelector = ReadonlyMap<string, string>;

/** Labels of a JSON object; undefined when it is none, or has what is not known, such as `matchExpressions`. */
export function parseSelector(text: string): NamespaceSelector | undefined {
  const parsed = parseStrictJson(text, { maxDepth: 4 });
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  const { matchLabels = {}, ...more } = parsed.value;
  if (Object.keys(more).length > 0 || !isObject(matchLabels)) return undefined;
  const labels = Object.entries(matchLabels);
  if (!labels.every((label): label is [string, string] => typeof label[1] === "string")) return undefined;
  return new Map(labels);
}

/** Whether the labels of a namespace, as Kubernetes gives it, are those that are wanted. */
export function fitsSelector(selector: NamespaceSelector, namespaceJson: string): boolean {
  const parsed = parseStrictJson(namespaceJson, { maxDepth: 32 });
  const metadata = parsed.ok && isObject(parsed.value) ? parsed.value["metadata"] : undefined;
  const labels = isObject(metadata) ? (metadata["labels"] ?? {}) : undefined;
  if (!isObject(labels)) return false;
  return [...selector].every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
