import assert from 'node:assert/strict';
import type { KnownAttribute, PathAttribute } from '../wire/attributes/attribute.ts';
import type { CodecContext } from '../wire/context.ts';
import type { AddressFamily } from '../wire/family.ts';
import { decodeMessage } from '../wire/message.ts';
import type { Nlri } from '../wire/nlri.ts';
import { framesOf } from '../wire/testing/frames.ts';
import type { ReceivedUpdate, UpdateMessage } from '../wire/update.ts';

/** What a router makes of a stream of UPDATEs: its table, and what it saw on the way. */
export class PeerTable {
  /** prefix -> path identifier -> next hop and MED. */
  readonly paths = new Map<string, Map<number, { readonly nextHop: string; readonly med: number | undefined }>>();
  /** Each change in order: `+prefix id nextHop`, `-prefix id`, `EoR family`. */
  readonly log: string[] = [];
  updates = 0;
  readonly #context: CodecContext;

  constructor(context: CodecContext) {
    this.#context = context;
  }

  /** Next hops of a prefix, sorted. */
  nextHops(prefix: string): string[] {
    return [...(this.paths.get(prefix)?.values() ?? [])].map(({ nextHop }) => nextHop).sort();
  }

  receive(stream: Uint8Array): void {
    for (const frame of framesOf(stream, this.#context.extendedMessages)) {
      const message = decodeMessage(frame, this.#context);
      if (message.type === 'update') this.apply(message);
    }
  }

  apply(update: ReceivedUpdate): void {
    assert.deepEqual(update.problems, []);
    this.updates++;
    const family = endOfRib(update);
    if (family !== undefined) return void this.log.push(`EoR ${family}`);
    for (const nlri of update.withdrawn) this.#remove(nlri);
    for (const nlri of find(update.attributes, 'mp-unreach')?.nlri ?? []) this.#remove(nlri);
    this.#addAll(update);
  }

  #addAll({ attributes, nlri }: ReceivedUpdate): void {
    const med = find(attributes, 'med')?.value;
    const nextHop = find(attributes, 'next-hop')?.address ?? 'none';
    for (const one of nlri) this.#add(one, nextHop, med);
    const reach = find(attributes, 'mp-reach');
    if (reach !== undefined) for (const one of reach.nlri) this.#add(one, reach.nextHops.join(), med);
  }

  #add({ prefix, pathId = 0 }: Nlri, nextHop: string, med: number | undefined): void {
    const paths = this.paths.get(prefix) ?? new Map();
    paths.set(pathId, { nextHop, med });
    this.paths.set(prefix, paths);
    this.log.push(`+${prefix} ${pathId} ${nextHop}`);
  }

  #remove({ prefix, pathId = 0 }: Nlri): void {
    const paths = this.paths.get(prefix);
    assert.ok(paths?.delete(pathId) === true, `${prefix} path ${pathId} is withdrawn, but is not there`);
    if (paths.size === 0) this.paths.delete(prefix);
    this.log.push(`-${prefix} ${pathId}`);
  }
}

function find<T extends KnownAttribute['type']>(
  attributes: readonly PathAttribute[],
  type: T,
): Extract<KnownAttribute, { type: T }> | undefined {
  return attributes.find((attribute): attribute is Extract<KnownAttribute, { type: T }> => attribute.type === type);
}

/** The family whose End-of-RIB marker this is, if it is one (RFC 4724 section 2). */
export function endOfRib(message: UpdateMessage): AddressFamily | undefined {
  if (message.withdrawn.length > 0 || message.nlri.length > 0 || message.attributes.length > 1) return undefined;
  const [only] = message.attributes;
  if (only === undefined) return 'ipv4-unicast';
  return only.type === 'mp-unreach' && only.nlri.length === 0 ? only.family : undefined;
}
