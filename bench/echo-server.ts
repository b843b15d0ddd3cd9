import { createServer } from "node:http";

// The bare server that Coffer is measured against: node:http, reads the body and answers it.
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    response.writeHead(200, { "Content-Type": "application/x-amz-json-1.1", "Content-Length": body.length });
    response.end(body);
  });
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on http://127.0.0.1:${typeof address === "object" ? address?.port : address}`);
});
process.on("SIGTERM", () => server.close(() => process.exit(0)));
process.on("SIGTERM", () => server.closeAllConnections());
