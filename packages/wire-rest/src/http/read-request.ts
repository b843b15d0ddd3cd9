import { contentCodings, decodeUtf8, limits, parseStrictJson, ServiceError, type WireRequest } from "@coffer/service";
import { checkObject, checkParameter, refuseMember, showName } from "./check.ts";
import { bodySchema, type Parameter, type RestRoute } from "./route.ts";

function refuseBody(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "serialization", reason });
}

/** A request body, parsed and as it was sent. */
export interface ReadBody {
  readonly value: unknown;
  readonly text: string;
}

/** What to send instead, from the route's own example. */
function hint(route: RestRoute): string {
  const example = route.document?.example ?? route.body?.examples?.[0];
  return example === undefined ? "Send no body." : `Send JSON such as ${JSON.stringify(example)}`;
}

/**
 * The body of a request, whatever its content type says: newcomers type `curl -d`.
 *
 * @throws ServiceError InvalidInput
 */
export function readBody(route: RestRoute, request: WireRequest): ReadBody {
  const [coding] = contentCodings(request);
  if (coding !== undefined) {
    const reason = `The body's Content-Encoding ${showName(coding)} is not supported. Send the body as it is.`;
    throw ServiceError.of("InvalidInput", { kind: "contentCoding", reason });
  }
  const text = decodeUtf8(request.body);
  if (text === undefined) return refuseBody(`The body is not valid UTF-8. ${hint(route)}`);
  if (text === "" && route.body === undefined && route.document === undefined) return { value: {}, text };
  if (text === "") return refuseBody(`The body is missing. ${hint(route)}`);
  const parsed = parseStrictJson(text, { maxDepth: limits.jsonDepth.value });
  if (!parsed.ok) return refuseBody(`The body is refused: ${parsed.reason} at offset ${parsed.offset}. ${hint(route)}`);
  if (route.document === undefined) checkObject(bodySchema(route), parsed.value, "body");
  return { value: parsed.value, text };
}

/**
 * The parameters of a request: those of the path, and of the query with their defaults.
 *
 * @throws ServiceError InvalidInput for one that is unknown, repeated, missing or does not fit
 */
export function readParameters(
  route: RestRoute,
  captures: ReadonlyMap<string, string>,
  rawQuery: string,
): ReadonlyMap<string, string | number> {
  const known = new Map((route.parameters ?? []).map((parameter) => [parameter.name, parameter]));
  const given = new Map(captures);
  if (rawQuery !== "") readQuery(rawQuery, known, given);
  const values = new Map<string, string | number>();
  for (const parameter of known.values()) {
    const value = readParameter(parameter, given.get(parameter.name));
    if (value !== undefined) values.set(parameter.name, value);
  }
  return values;
}

function readQuery(rawQuery: string, known: ReadonlyMap<string, Parameter>, given: Map<string, string>): void {
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    if (known.get(name)?.in !== "query") {
      const names = [...known.values()].filter((parameter) => parameter.in === "query").map((found) => found.name);
      const instead = names.length === 0 ? "This path takes none." : `Known parameters: ${names.join(", ")}.`;
      refuseMember(name, `The query parameter ${showName(name)} is unknown. ${instead}`);
    }
    if (given.has(name)) refuseMember(name, `The query parameter ${name} is given twice.`);
    given.set(name, value);
  }
}

function readParameter({ name, required, schema }: Parameter, text: string | undefined): string | number | undefined {
  if (text === undefined) {
    if (required) refuseMember(name, `The query parameter ${name} is missing. ${schema.description}`);
    return schema.default;
  }
  const value = schema.type === "integer" && /^-?[0-9]{1,16}$/.test(text) ? Number(text) : text;
  checkParameter(schema, value, name);
  return value;
}
