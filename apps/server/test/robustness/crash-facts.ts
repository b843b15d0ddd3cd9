import type { HttpRequest, Reply } from "./http-client.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { succeeded, type WireName, Wires } from "./wires.ts";

/** Something that holds or does not, and has to go on so over a crash: a token, a user, a mount. */
export interface Fact {
  readonly label: string;
  /** `either` while a change of it is under way. */
  expected: boolean | "either";
  readonly holds: (wires: Wires) => Promise<boolean>;
  /** The request that makes it untrue. */
  readonly undo: (wires: Wires) => readonly [WireName, HttpRequest];
}

/** A request that makes a new fact. */
export interface PlannedFact {
  readonly wire: WireName;
  readonly request: HttpRequest;
  /** The fact, from the answer; from no answer when it can be told without one. */
  readonly fact: (reply: Reply | undefined) => Fact | undefined;
}

function planToken(wires: Wires, random: SeededRandom): PlannedFact {
  const name = random.text(8);
  return {
    wire: "rest",
    request: wires.restRequest("POST", "/admin/tokens", { principal: "root", name }),
    fact(reply) {
      if (reply === undefined) return undefined;
      const { token, accessor } = reply.json as { token: string; accessor: string };
      return {
        label: `token ${accessor}`,
        expected: true,
        holds: async ({ client, access }) => {
          const holder = new Wires(client, { ...access, token });
          return (await holder.vault("GET", "auth/token/lookup-self")).ok;
        },
        undo: (by) => ["rest", by.restRequest("DELETE", `/admin/tokens/${accessor}?principal=root`)],
      };
    },
  };
}

function planUser(wires: Wires, random: SeededRandom): PlannedFact {
  const name = `user-${random.text(8)}`;
  return {
    wire: "rest",
    request: wires.restRequest("POST", "/admin/principals", { kind: "user", name }),
    fact: () => ({
      label: name,
      expected: true,
      holds: async (by) => (await by.rest("GET", `/admin/credentials?principal=user/${name}`)).ok,
      undo: (by) => ["rest", by.restRequest("DELETE", `/admin/principals/user/${name}`)],
    }),
  };
}

function planMount(wires: Wires, random: SeededRandom): PlannedFact {
  const path = `mount-${random.text(8)}`;
  return {
    wire: "vault",
    request: wires.vaultRequest("POST", `sys/mounts/${path}`, { type: "transit" }),
    fact: () => ({
      label: path,
      expected: true,
      holds: async (by) => `${path}/` in succeeded(await by.vault("GET", "sys/mounts")).data,
      undo: (by) => ["vault", by.vaultRequest("DELETE", `sys/mounts/${path}`)],
    }),
  };
}

const plans = [planToken, planUser, planMount];

/** Plans the making of a token, a user or a mount. */
export function planFact(wires: Wires, random: SeededRandom): PlannedFact {
  return random.pick(plans)(wires, random);
}
