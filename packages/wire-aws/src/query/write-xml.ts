import type { Shape } from "../kms/model-shape.ts";
import { escapeXml } from "./xml.ts";

type ShapeOf = (name: string) => Shape;

/**
 * The members of a structure in XML, as the AWS query protocol answers them: what is absent is left out, lists have
 * `member` elements, times are in ISO 8601.
 *
 * @param value timestamps in seconds since the epoch
 */
export function writeMembers(value: object, name: string, shapeOf: ShapeOf, indent: string): string {
  const shape = shapeOf(name);
  if (shape.type !== "structure") return "";
  const source = value as Readonly<Record<string, unknown>>;
  let xml = "";
  for (const [member, target] of Object.entries(shape.members)) {
    const item = source[member];
    if (item !== undefined) xml += writeElement(member, item, target, shapeOf, indent);
  }
  return xml;
}

function writeElement(element: string, value: unknown, name: string, shapeOf: ShapeOf, indent: string): string {
  const shape = shapeOf(name);
  const deeper = `${indent}  `;
  if (shape.type === "structure") {
    return wrap(element, writeMembers(value as object, name, shapeOf, deeper), indent);
  }
  if (shape.type === "list") {
    const items = value as readonly unknown[];
    return wrap(
      element,
      items.map((item) => writeElement("member", item, shape.member, shapeOf, deeper)).join(""),
      indent,
    );
  }
  const text = shape.type === "timestamp" ? isoTime(value as number) : escapeXml(String(value));
  return `${indent}<${element}>${text}</${element}>\n`;
}

function wrap(element: string, inner: string, indent: string): string {
  return inner === "" ? `${indent}<${element}/>\n` : `${indent}<${element}>\n${inner}${indent}</${element}>\n`;
}

function isoTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
