import type { HoldingService, NodeHealth, Snapshot } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';
import type { BgpSettings, Peer } from '../domain/peer.ts';
import type { Pool } from '../domain/pool.ts';
import type { ServiceEndpoints } from '../domain/service.ts';
import type { Changes, InputDelta } from './messages.ts';

/** What a delta touches: single addresses, or so much that everything is decided anew. */
export interface Touched {
  readonly addresses: ReadonlySet<string>;
  readonly everything: boolean;
  readonly peers: boolean;
}

function merge<T>(into: Map<string, T>, changes: Changes<T> | undefined): number {
  for (const [key, value] of changes ?? []) {
    if (value === null) into.delete(key);
    else into.set(key, value);
  }
  return changes?.size ?? 0;
}

/** The engine's copy of its inputs, with the index from an address to the Services that hold it. */
export class Inputs implements Snapshot {
  readonly services = new Map<string, HoldingService>();
  readonly endpoints = new Map<string, ServiceEndpoints>();
  readonly nodes = new Map<string, Node>();
  readonly pools = new Map<string, Pool>();
  readonly peers = new Map<string, Peer>();
  readonly health = new Map<string, NodeHealth>();
  settings: BgpSettings | null = null;
  readonly #byAddress = new Map<string, Set<string>>();

  /** The Services that hold an address. */
  holders(ip: string): HoldingService[] {
    return [...(this.#byAddress.get(ip) ?? [])].flatMap((key) => this.services.get(key) ?? []);
  }

  addresses(): IterableIterator<string> {
    return this.#byAddress.keys();
  }

  apply(delta: InputDelta): Touched {
    const addresses = new Set<string>();
    this.#applyServices(delta.services, addresses);
    merge(this.endpoints, delta.endpoints);
    for (const key of delta.endpoints?.keys() ?? []) this.#touch(key, addresses);
    const wide = merge(this.nodes, delta.nodes) + merge(this.pools, delta.pools);
    const peers = merge(this.peers, delta.peers) > 0 || delta.settings !== undefined;
    if (delta.settings !== undefined) this.settings = delta.settings;
    return { addresses, everything: wide > 0, peers };
  }

  #applyServices(changes: Changes<HoldingService> | undefined, addresses: Set<string>): void {
    for (const [key, service] of changes ?? []) {
      this.#touch(key, addresses);
      this.#unindex(key);
      if (service === null) this.services.delete(key);
      else this.services.set(key, service);
      for (const { ip } of service?.assignments ?? []) {
        const holders = this.#byAddress.get(ip) ?? new Set();
        this.#byAddress.set(ip, holders.add(key));
      }
      this.#touch(key, addresses);
    }
  }

  #unindex(key: string): void {
    for (const { ip } of this.services.get(key)?.assignments ?? []) {
      const holders = this.#byAddress.get(ip);
      holders?.delete(key);
      if (holders?.size === 0) this.#byAddress.delete(ip);
    }
  }

  #touch(key: string, addresses: Set<string>): void {
    for (const { ip } of this.services.get(key)?.assignments ?? []) addresses.add(ip);
  }
}
