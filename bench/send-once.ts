import { connect } from "node:net";

/** Sends one framed request on a connection of its own. @returns the answer's body @throws Error when it is not a 200 */
export function sendOnce(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("error", reject);
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      const answer = Buffer.concat(parts).toString();
      const [head = "", ...rest] = answer.split("\r\n\r\n");
      const body = rest.join("\r\n\r\n");
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.POSITIVE_INFINITY);
      if (Buffer.byteLength(body) < length) return;
      socket.destroy();
      if (head.startsWith("HTTP/1.1 200")) resolve(body);
      else reject(new Error(answer));
    });
  });
}
