// The table of contents of the room: datagram sockets, UDP and Unix.

export { bindDatagram } from './bind.ts';
export {
  type DatagramHandlers,
  type DatagramOptions,
  type DatagramStats,
  datagramSettings,
  type SendOptions,
} from './options.ts';
export { DatagramSocket } from './socket.ts';
