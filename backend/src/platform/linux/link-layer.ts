import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Link, LinkLayer, LinkSocket, LinkSocketEvents, Logger, Neighbour } from '../ports.ts';
import { FrameBatch } from './frame-batch.ts';
import { libc } from './libc.ts';
import { withOnLink } from './on-link.ts';
import { ownLinks, unusableLinks } from './own-links.ts';
import { PacketSocket } from './packet-socket.ts';
import { solicit } from './solicitor.ts';
import { RouteMonitor, RouteSocket } from './route-socket.ts';
import { addressesRequest, addressOf, linkOf, linksRequest, neighbourOf, neighboursRequest } from './rtnetlink.ts';
import type { AddressRecord, LinkRecord } from './rtnetlink.ts';
import { matchRequest, onLinkLengthOf, routeOf, routeRequest, RTN_UNICAST } from './rtnetlink.ts';

/** Changes come in bursts: an interface that appears gets its addresses and its carrier one by one. */
const settleMs = 50;
/** A node whose Pods come and go has changes all the time; it is read at most this often. */
const leastPauseMs = 400;
const retryMs = 1_000;
/** Frames in one turn of the event loop, well below a millisecond's work. */
const batchSize = 64;

/** The links of this host's network namespace. `close` ends the watching; sockets are closed by those who opened them. */
export interface SystemLinkLayer extends LinkLayer {
  close(): void;
}

/**
 * Reads the links and follows them from then on.
 * @throws {Error} where there is no rtnetlink, or koffi has no binary for this platform
 */
export async function openLinkLayer(deps: { readonly logger: Logger }): Promise<SystemLinkLayer> {
  const layer = new RtnetlinkLayer(deps);
  try {
    await layer.start();
    return layer;
  } catch (error) {
    layer.close();
    throw error;
  }
}

const LEFT_ALONE =
  'a pool names this interface, which looks like one of a container or the CNI: it is used for the addresses of such pools only';

const UNUSABLE = 'a pool names this interface, which is not used';

class RtnetlinkLayer implements SystemLinkLayer {
  readonly #libc = libc();
  readonly #logger: Logger;
  readonly #batch = new FrameBatch(this.#libc, batchSize);
  readonly #lists = new RouteSocket(this.#libc);
  readonly #routes = new RouteSocket(this.#libc);
  readonly #tables = new RouteSocket(this.#libc);
  readonly #monitors = (['interfaces', 'routes'] as const).map(
    (subject) => new RouteMonitor(this.#libc, subject, () => this.#onNews()),
  );
  readonly #watchers = new Set<{ readonly onChange: () => void }>();
  readonly #sockets = new Set<PacketSocket>();
  #links: readonly Link[] = [];
  #named: ReadonlySet<string> = new Set();
  #unusable: ReadonlyMap<string, string> = new Map();
  /** As they were read last. */
  #records: { readonly links: readonly LinkRecord[]; readonly addresses: readonly AddressRecord[] } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  /** One question at a time: the answer to the last one. */
  #asked: Promise<readonly Neighbour[]> | undefined;
  #newsMeanwhile = false;
  #closed = false;

  constructor({ logger }: { readonly logger: Logger }) {
    this.#logger = logger;
  }

  links(): readonly Link[] {
    return this.#links;
  }

  setNamed(names: ReadonlySet<string>): void {
    if (this.#closed || isDeepStrictEqual(this.#named, names)) return;
    this.#named = new Set(names);
    this.#sort();
  }

  linkTowards(address: string): Link | undefined {
    const [host = '', zone] = address.split('%');
    if (zone !== undefined) return this.#links.find(({ index, name }) => name === zone || String(index) === zone);
    if (this.#closed || isIP(host) === 0) return undefined;
    const answer = this.#routes.ask((sequence) => routeRequest(sequence, host));
    const route = answer === undefined ? undefined : routeOf(answer);
    if (route?.type !== RTN_UNICAST) return undefined;
    return this.#links.find(({ index, isLeftAlone }) => index === route.linkIndex && isLeftAlone !== true);
  }

  solicit(index: number, address: string): void {
    const link = this.#links.find((each) => each.index === index);
    if (link !== undefined && !this.#closed) solicit(this.#libc, link.name, address);
  }

  neighbours(): Promise<readonly Neighbour[]> {
    this.#asked ??= this.#readNeighbours().finally(() => {
      this.#asked = undefined;
      if (this.#closed) this.#tables.close();
    });
    return this.#asked;
  }

  watch(onChange: () => void): () => void {
    const watcher = { onChange };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  open(index: number, events: LinkSocketEvents): LinkSocket {
    const socket = new PacketSocket({ libc: this.#libc, batch: this.#batch, logger: this.#logger }, index, events);
    this.#openSockets();
    this.#sockets.add(socket);
    return socket;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const monitor of this.#monitors) monitor.close();
    this.#routes.close();
    // A reading that goes on closes it when it is done.
    if (!this.#reading) this.#lists.close();
    if (this.#asked === undefined) this.#tables.close();
  }

  async start(): Promise<void> {
    await this.#read();
    if (this.#newsMeanwhile) this.#readIn(settleMs);
  }

  async #readNeighbours(): Promise<readonly Neighbour[]> {
    if (this.#closed) throw new Error('the link layer is closed');
    const messages = await this.#tables.dump(neighboursRequest);
    return messages.flatMap((message) => {
      const found = neighbourOf(message);
      return found === undefined ? [] : [{ address: found.address, mac: found.mac, link: found.linkIndex }];
    });
  }

  /** Reads links and addresses, and tells watchers if something changed. */
  async #read(): Promise<void> {
    this.#reading = true;
    try {
      const links = await this.#lists.dump(linksRequest);
      const addresses = await this.#lists.dump(addressesRequest);
      if (this.#closed) return;
      this.#records = {
        links: links.flatMap((message) => linkOf(message) ?? []),
        addresses: addresses.flatMap((message) => addressOf(message) ?? []),
      };
      this.#sort();
      for (const socket of this.#openSockets()) socket.relink();
    } finally {
      this.#reading = false;
      if (this.#closed) this.#lists.close();
    }
  }

  #sort(): void {
    if (this.#records === undefined) return;
    const { links, addresses } = this.#records;
    this.#tellUnusable(unusableLinks(links, this.#named));
    const own = ownLinks(links, addresses, this.#named);
    this.#take(own.map((link) => withOnLink(link, (octets) => this.#lengthAround(octets, link))));
  }

  #lengthAround(octets: Uint8Array, { index }: Link): number | undefined {
    const answer = this.#routes.ask((sequence) => matchRequest(sequence, octets, index));
    return answer === undefined ? undefined : onLinkLengthOf(answer);
  }

  #openSockets(): readonly PacketSocket[] {
    for (const socket of this.#sockets) if (socket.isClosed) this.#sockets.delete(socket);
    return [...this.#sockets];
  }

  #take(links: readonly Link[]): void {
    if (fingerprint(links) === fingerprint(this.#links)) return;
    this.#tellLeftAlone(links);
    this.#links = links;
    // In turns of their own: what a watcher throws is no failure to read.
    for (const watcher of this.#watchers) {
      setImmediate(() => {
        if (this.#watchers.has(watcher)) watcher.onChange();
      });
    }
  }

  /** Whoever named it has decided, perhaps by mistake. */
  #tellLeftAlone(links: readonly Link[]): void {
    const known = new Set(this.#links.filter(isLeftAlone).map(({ index }) => index));
    for (const { index, name } of links.filter(isLeftAlone)) {
      if (!known.has(index)) this.#logger.warn({ link: name }, LEFT_ALONE);
    }
  }

  /** Whoever named it waits for what doesn't come. */
  #tellUnusable(found: ReadonlyMap<string, string>): void {
    for (const [link, why] of found) if (this.#unusable.get(link) !== why) this.#logger.warn({ link, why }, UNUSABLE);
    this.#unusable = found;
  }

  #onNews(): void {
    this.#newsMeanwhile = true;
    if (!this.#reading) this.#readIn(settleMs);
  }

  #readIn(delayMs: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#readAndRest(), delayMs);
    this.#timer.unref();
  }

  async #readAndRest(): Promise<void> {
    this.#newsMeanwhile = false;
    let pauseMs = leastPauseMs;
    try {
      await this.#read();
    } catch (error) {
      pauseMs = retryMs;
      this.#newsMeanwhile = true;
      this.#logger.warn({ err: error }, 'network interfaces could not be read; tried again in a second');
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#newsMeanwhile) void this.#readAndRest();
    }, pauseMs).unref();
  }
}

function isLeftAlone(link: Link): boolean {
  return link.isLeftAlone === true;
}

function fingerprint(links: readonly Link[]): string {
  return JSON.stringify(links.map(({ mac, ...link }) => ({ ...link, mac: Array.from(mac) })));
}
