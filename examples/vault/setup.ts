import { connect, keyName } from "./connect.ts";

// Enables the Transit engine and makes the example's key; running it again changes nothing. make vault-setup
const client = connect();
const mounts = await client.mounts();
if (mounts["transit/"] === undefined) {
  await client.mount({ mount_point: "transit", type: "transit" });
  console.log("enabled transit");
}
await client.write(`transit/keys/${keyName}`, {});
console.log(`key ${keyName} is there`);
