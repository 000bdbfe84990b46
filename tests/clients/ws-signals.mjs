// Signals from one socket to another, each answered, on the npm package ws: node ws-signals.mjs PORT
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", perMessageDeflate: false, backlog: 4096 });
const seats = new Map();
server.on("connection", (socket) => {
  let own = "";
  socket.on("message", (data) => {
    const frame = JSON.parse(data);
    if (frame.type === "sit") {
      own = frame.seat;
      seats.set(own, socket);
      return;
    }
    seats.get(frame.to)?.send(JSON.stringify({ type: "signalled", call: frame.call, from: own, candidate: frame.candidate }));
    socket.send(JSON.stringify({ type: "done", id: frame.id }));
  });
});
