import { OperatorError } from "@coffer/server/config";
import type { ConfigPath } from "@coffer/sops";

/**
 * A path within a file: `db.users[0].name`, or as SOPS writes it, `["db"]["users"][0]`, which any name fits into.
 *
 * @throws OperatorError exit code 2
 */
export function parseConfigPath(text: string): ConfigPath {
  const parts: (string | number)[] = [];
  const token = /\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]|\[(\d{1,9})\]|(?:^|\.)([^.[\]]+)/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null)
      throw new OperatorError(`"${text}" is not a path such as db.users[0].name, or ["db"]["users"][0].`, 2);
    const [, quoted, single, position, name] = match;
    if (quoted !== undefined) parts.push(JSON.parse(`"${quoted}"`) as string);
    else if (position !== undefined) parts.push(Number(position));
    else parts.push(single ?? name ?? "");
  }
  if (parts.length === 0) throw new OperatorError("a path has at least one name.", 2);
  return parts;
}
