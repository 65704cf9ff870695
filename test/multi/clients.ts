// Clients of a pool in tests: ask and await an answer, one at a time.
import { type Connection, connect } from '../../src/promises/index.ts';

export class Client {
  readonly connection: Connection;
  readonly #buffer = Buffer.alloc(64 * 1024);

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Sends text; gives as many bytes of the answer as come at once, '' at the end. */
  async ask(text: string): Promise<string> {
    await this.connection.write(text);
    const count = await this.connection.readInto(this.#buffer);
    return this.#buffer.toString('utf8', 0, count);
  }

  close(): void {
    this.connection.destroy();
  }
}

export async function openClient(port: number, localAddress?: string): Promise<Client> {
  const local = localAddress === undefined ? {} : { localAddress };
  return new Client(await connect({ host: '127.0.0.1', port, ...local }));
}

export function openClients(port: number, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => openClient(port)));
}
