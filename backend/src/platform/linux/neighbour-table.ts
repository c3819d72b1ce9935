import type { NeighbourTable, NeighbourWord } from '../ports.ts';
import { libc } from './libc.ts';
import { RouteSocket } from './route-socket.ts';
import { neighboursRequest, neighbourStateOf, routeOf, routeRequest, RTN_UNICAST } from './rtnetlink.ts';
import type { NeighbourStateRecord } from './rtnetlink.ts';

// linux/neighbour.h
const NUD_INCOMPLETE = 0x01;
const NUD_REACHABLE = 0x02;
const NUD_STALE = 0x04;
const NUD_DELAY = 0x08;
const NUD_PROBE = 0x10;
const NUD_FAILED = 0x20;
/** It has a MAC; in PROBE, too, until the last of three questions has gone unanswered. */
const HAS_MAC = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
const TICK_MS = 10;
/** For how long a reading is good for others who ask: when many nodes fall silent at once, each is looked for. */
const SHARED_MS = 50;

/**
 * Reads the tables by rtnetlink(7), at most twenty times a second. The same address may stand in those of several links; what counts is the
 * one by which this host would send to it.
 */
export class SystemNeighbourTable implements NeighbourTable {
  #tables: RouteSocket | undefined;
  #routes: RouteSocket | undefined;
  /** One for all who ask while it goes on, or soon after. */
  #reading: Promise<ReadonlyMap<string, NeighbourStateRecord>> | undefined;

  async find(address: string): Promise<NeighbourWord | undefined> {
    const link = this.#linkOf(address);
    if (link === undefined) return undefined;
    this.#reading ??= this.#read().finally(() => setTimeout(() => (this.#reading = undefined), SHARED_MS).unref());
    const record = (await this.#reading).get(`${link} ${address}`);
    return record === undefined ? undefined : wordOf(record);
  }

  /** Index of the link that the address is on, undefined if a router leads there. */
  #linkOf(address: string): number | undefined {
    this.#routes ??= new RouteSocket(libc());
    const answer = this.#routes.ask((sequence) => routeRequest(sequence, address));
    const route = answer === undefined ? undefined : routeOf(answer);
    return route?.type === RTN_UNICAST && !route.isVia ? route.linkIndex : undefined;
  }

  async #read(): Promise<ReadonlyMap<string, NeighbourStateRecord>> {
    this.#tables ??= new RouteSocket(libc());
    const records = (await this.#tables.dump(neighboursRequest)).flatMap((message) => neighbourStateOf(message) ?? []);
    return new Map(records.map((record) => [`${record.linkIndex} ${record.address}`, record]));
  }
}

function wordOf({ state, confirmedAgo }: NeighbourStateRecord): NeighbourWord {
  if ((state & (NUD_INCOMPLETE | NUD_FAILED)) !== 0) return { state: 'absent', confirmedMsAgo: undefined };
  if ((state & HAS_MAC) === 0) return { state: 'unsure', confirmedMsAgo: undefined };
  return { state: 'known', confirmedMsAgo: confirmedAgo === undefined ? undefined : confirmedAgo * TICK_MS };
}
