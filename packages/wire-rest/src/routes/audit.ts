import { limits, readAuditEvents } from "@coffer/service";
import { definePlainRoute, type RestRoute } from "../http/route.ts";

const events = definePlainRoute(
  {
    method: "GET",
    path: "/audit/events",
    operationId: "readAuditEvents",
    tag: "audit",
    summary: "Read the audit trail, oldest first",
    parameters: [
      {
        name: "after",
        in: "query",
        required: false,
        schema: {
          type: "integer",
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          default: 0,
          description: "Sequence number behind which to read.",
        },
      },
      {
        name: "limit",
        in: "query",
        required: false,
        schema: {
          type: "integer",
          minimum: 1,
          maximum: limits.pageItems.value,
          default: 100,
          description: "Records of one answer.",
        },
      },
    ],
    answers: {
      status: 200,
      description: "Records in CloudTrail's shape, as they are stored, with their place in the hash chain.",
      schema: {
        type: "object",
        properties: {
          events: {
            type: "array",
            description: "Records, oldest first.",
            items: { type: "object", description: "One record.", additionalProperties: true },
          },
          last: {
            type: "integer",
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description: "Sequence number of the newest record.",
          },
        },
        required: ["events", "last"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const input = { after: call.integer("after") ?? 0, limit: call.integer("limit") ?? 100 };
    const { lines, last } = await call.execute(readAuditEvents, input);
    // The stored lines are JSON objects already.
    return { status: 200, json: `{"events":[${lines.join(",")}],"last":${last}}` };
  },
);

/** The audit trail. */
export const auditRoutes: readonly RestRoute[] = [events];
