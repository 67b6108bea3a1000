import { createSocket } from 'node:dgram';

const TYPES = { A: 1, AAAA: 28 } as const;
const RECURSION_ANSWERED = 0x8180;
const NO_SUCH_NAME = 3;

export interface NameServer {
  /** As a resolver takes it: address and port. */
  readonly address: string;
  close(): Promise<void>;
}

/** The addresses of a name, as bytes; null: there is no such name; undefined: it says nothing. */
export type Zone = (name: string, type: 'A' | 'AAAA') => readonly (readonly number[])[] | null | undefined;

/** A DNS server over UDP that knows addresses only. */
export async function startNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, type, question } = questionOf(query);
    const found = zone(name, type);
    if (found === undefined) return;
    const records = found ?? [];
    const flags = RECURSION_ANSWERED | (found === null ? NO_SUCH_NAME : 0);
    const head = words(query.readUInt16BE(0), flags, 1, records.length, 0, 0);
    // 0xc00c: the name of the question, again. Then type, class IN, a minute, and the address.
    const answers = records.map((record) =>
      Buffer.concat([words(0xc00c, TYPES[type], 1, 0, 60, record.length), Buffer.from(record)]),
    );
    socket.send(Buffer.concat([head, question, ...answers]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): { name: string; type: 'A' | 'AAAA'; question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1) === TYPES.A ? 'A' : 'AAAA';
  return { name: labels.join('.').toLowerCase(), type, question: query.subarray(12, at + 5) };
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => buffer.writeUInt16BE(value, index * 2));
  return buffer;
}
