import { type Core, readAuditEvents } from "@coffer/service";
import { restLimits } from "./limits.ts";
import { members, type Route } from "./route.ts";

function health(core: Core, version: string) {
  const audit = core.audit.health();
  const body = {
    status: audit.ok ? "ok" : "failing",
    version,
    sealed: false,
    audit: { ok: audit.ok, writable: audit.writable, ...(audit.reason === undefined ? {} : { reason: audit.reason }) },
  };
  return { status: audit.ok ? 200 : 503, type: "application/json", body: `${JSON.stringify(body)}\n` };
}

/** Health, and the audit trail. */
export function statusRoutes(version: string): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/health",
      summary: "How the server is doing: 200, or 503 when requests fail or soon will",
      status: 200,
      open: ({ core }) => health(core, version),
    },
    {
      method: "GET",
      path: "/audit/events",
      summary: "Read the audit trail, oldest first",
      status: 200,
      query: members({
        after: {
          type: "integer",
          about: "behind this sequence number; 0 when absent",
          min: 0,
          max: Number.MAX_SAFE_INTEGER,
        },
        limit: { type: "integer", about: "how many; 100 when absent", min: 1, max: restLimits.auditPage.value },
      }),
      async run(call) {
        const { lines, last } = await call.execute(readAuditEvents, {
          after: call.query.find<"integer">("after") ?? 0,
          limit: call.query.find<"integer">("limit") ?? 100,
        });
        return { events: lines.map((line) => JSON.parse(line) as unknown), last };
      },
    },
  ];
}
