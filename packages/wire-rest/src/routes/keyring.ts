import { rotateKeyring } from "@coffer/service";
import { answer, definePlainRoute, type RestRoute } from "../http/route.ts";

const rotate = definePlainRoute(
  {
    method: "POST",
    path: "/admin/keyring/rotate",
    operationId: "rotateKeyring",
    tag: "admin",
    summary: "Make a new wrapping key and rewrap every stored secret under it, while requests go on",
    answers: {
      status: 200,
      description: "Everything is rewrapped.",
      schema: {
        type: "object",
        properties: {
          wrapping_key_id: { type: "string", description: "Id of the new wrapping key." },
          rewrapped: {
            type: "integer",
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description: "How many stored secrets were rewrapped.",
          },
        },
        required: ["wrapping_key_id", "rewrapped"],
        additionalProperties: false,
      },
    },
  },
  async (call) => {
    const { wrappingKeyId, rewrapped } = await call.execute(rotateKeyring, null);
    return answer(200, { wrapping_key_id: wrappingKeyId, rewrapped });
  },
);

/** The keyring. */
export const keyringRoutes: readonly RestRoute[] = [rotate];
