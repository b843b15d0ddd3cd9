import { WebSocketServer } from "ws";

// The bare server that the relay is measured against: `ws`, sends each frame back.
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => {
  const address = server.address();
  console.log(`listening on http://127.0.0.1:${typeof address === "object" ? address?.port : address}`);
});
server.on("connection", (socket) => socket.on("message", (data) => socket.send(data.toString())));
process.on("SIGTERM", () => process.exit(0));
