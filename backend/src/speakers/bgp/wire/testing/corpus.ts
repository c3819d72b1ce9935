import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageType } from '../frame.ts';
import { hex } from './hex.ts';

/**
 * What hostile input is made of: octets of each message and each attribute, right ones and wrong ones, written by hand after the RFCs. A
 * case that once broke something gets a paragraph of its own in the file of its message or attribute.
 */
export interface CorpusEntry {
  /** `messages/open.hex 3`: file and paragraph. */
  readonly name: string;
  readonly type: number;
  readonly body: Uint8Array;
}

const folder = join(import.meta.dirname, '../testdata');

const types: Readonly<Record<string, number>> = {
  open: MessageType.open,
  update: MessageType.update,
  notification: MessageType.notification,
  keepalive: MessageType.keepalive,
  'route-refresh': MessageType.routeRefresh,
  unknown: 9,
};

/** An attribute alone in an UPDATE, with a route behind it. */
function updateOf(attributes: Uint8Array): Uint8Array {
  const { length } = attributes;
  return Uint8Array.from([0, 0, length >> 8, length & 0xff, ...attributes, ...hex('18 cb0071')]);
}

function paragraphs(kind: 'messages' | 'attributes'): { file: string; number: number; octets: Uint8Array }[] {
  const files = readdirSync(join(folder, kind)).filter((file) => file.endsWith('.hex'));
  return files.flatMap((file) => {
    const texts = readFileSync(join(folder, kind, file), 'utf8')
      .trim()
      .split(/\n\s*\n/);
    return texts.map((text, i) => ({ file, number: i + 1, octets: octetsOf(text) }));
  });
}

/** A paragraph of nothing but a comment is a body without octets. */
function octetsOf(text: string): Uint8Array {
  return text.replace(/#.*$/gm, '').trim() === '' ? new Uint8Array() : hex(text);
}

/** @throws {Error} for a file whose name is no message's */
export function readCorpus(): CorpusEntry[] {
  const messages = paragraphs('messages').map(({ file, number, octets }): CorpusEntry => {
    const type = types[file.replace(/\.hex$/, '')];
    if (type === undefined) throw new Error(`${file} is named after no message`);
    return { name: `messages/${file} ${number}`, type, body: octets };
  });
  const attributes = paragraphs('attributes').map(({ file, number, octets }) => ({
    name: `attributes/${file} ${number}`,
    type: MessageType.update,
    body: updateOf(octets),
  }));
  return [...messages, ...attributes];
}
