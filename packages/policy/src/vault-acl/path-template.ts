import type { VaultPolicyAlias, VaultPolicyIdentity } from "./types.ts";

/** The pieces of a path: text, and between two texts the name of what is filled in. */
export type PathTemplate = readonly ({ readonly text: string } | { readonly variable: string })[];

/** Splits `a/{{identity.entity.id}}/b`. Undefined where the braces do not pair up. */
export function parsePathTemplate(path: string): PathTemplate | undefined {
  const [first = "", ...rest] = path.split("{{");
  if (first.includes("}}")) return undefined;
  const parts: ({ text: string } | { variable: string })[] = [{ text: first }];
  for (const piece of rest) {
    const [variable, text, more] = piece.split("}}");
    if (variable === undefined || text === undefined || more !== undefined) return undefined;
    parts.push({ variable: variable.trim() }, { text });
  }
  return parts;
}

export function isTemplated(template: PathTemplate): boolean {
  return template.length > 1;
}

/** What a value must not contain, so that somebody's name does not become a wildcard or another path. */
export interface ForbiddenInTemplates {
  readonly slashes: boolean;
  readonly wildcards: boolean;
}

/** The path with its values, or undefined when one is not known, or could reach beyond its place: the rule is not there. */
export function fillPathTemplate(
  template: PathTemplate,
  identity: VaultPolicyIdentity | undefined,
  forbidden: ForbiddenInTemplates,
): string | undefined {
  let path = "";
  for (const part of template) {
    if ("text" in part) path += part.text;
    else {
      const value = templateValue(part.variable, identity);
      if (value === undefined) return undefined;
      if (forbidden.slashes && value.includes("/")) return undefined;
      if (forbidden.wildcards && (value.includes("*") || value.includes("+"))) return undefined;
      path += value;
    }
  }
  return path;
}

function templateValue(variable: string, identity: VaultPolicyIdentity | undefined): string | undefined {
  const entity = /^identity\.entity\.(.+)$/s.exec(variable);
  if (entity?.[1] !== undefined) return entityValue(entity[1], identity?.entity);
  const group = /^identity\.groups\.(ids|names)\.([^.]+)\.(.+)$/s.exec(variable);
  if (group === null) return undefined;
  const [, by, key, wanted = ""] = group;
  const found = identity?.groups?.find((each) => key === (by === "ids" ? each.id : each.name));
  return found === undefined ? undefined : namedValue(wanted, found);
}

function entityValue(wanted: string, entity: VaultPolicyIdentity["entity"]): string | undefined {
  if (entity === undefined) return undefined;
  const alias = /^aliases\.([^.]+)\.(.+)$/s.exec(wanted);
  if (alias === null) return namedValue(wanted, entity);
  const [, accessor, wantedOfAlias = ""] = alias;
  const found = entity.aliases.find((each) => each.mountAccessor === accessor);
  return found === undefined ? undefined : namedValue(wantedOfAlias, found);
}

function namedValue(
  wanted: string,
  from: Pick<VaultPolicyAlias, "id" | "name" | "metadata"> & Partial<VaultPolicyAlias>,
): string | undefined {
  if (wanted === "id") return from.id || undefined;
  if (wanted === "name") return from.name || undefined;
  const inMetadata = /^(metadata|custom_metadata)\.(.+)$/s.exec(wanted);
  if (inMetadata?.[2] === undefined) return undefined;
  const metadata = inMetadata[1] === "metadata" ? from.metadata : from.customMetadata;
  return metadata !== undefined && Object.hasOwn(metadata, inMetadata[2]) ? metadata[inMetadata[2]] : undefined;
}
