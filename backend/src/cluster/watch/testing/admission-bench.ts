import { recordOf } from '../../../allocate/inheritance.ts';
import { PoolSet } from '../../../allocate/pool-set.ts';
import { Reserved } from '../../../allocate/reserved.ts';
import type { Pool } from '../../../domain/pool.ts';
import type { Labels } from '../../../domain/selector.ts';
import type { Service } from '../../../domain/service.ts';
import { aPool, aService } from '../../../domain/testing/builders.ts';
import { Admission } from '../admission.ts';

export const IP = '192.0.2.1';

/** A cluster as the admission sees it, with what it says of each Service. */
export class Bench {
  readonly pools = new Map<string, Pool>();
  readonly namespaces = new Map<string, Labels>();
  readonly services = new Map<string, Service>();
  /** By address, whom the pools' statuses name. */
  readonly used = new Map<string, readonly string[]>();
  reserved = new Reserved({ nodes: new Map(), serviceRanges: [], subnets: [] });
  readonly admission = new Admission({
    words: {
      poolSet: () => this.poolSet(),
      recordOf: (_pool, key, ip) => recordOf(this.used.get(ip) ?? [], { key, ip, selector: undefined }, this.services),
      mayOmit: () => false,
      mayOmitAtFirst: () => false,
    },
    namespaces: this.namespaces,
  });

  poolSet(): PoolSet {
    return new PoolSet(this.pools, this.reserved);
  }

  begin(): this {
    this.admission.begin(this.services.values());
    return this;
  }

  pool(pool: Pool): string[] {
    this.pools.set(pool.name, pool);
    return this.admission.poolsChanged();
  }

  noPool(name: string): string[] {
    this.pools.delete(name);
    return this.admission.poolsChanged();
  }

  namespace(name: string, labels: Labels): string[] {
    this.namespaces.set(name, labels);
    return this.admission.namespaceChanged(name);
  }

  service(service: Service): string[] {
    this.services.set(service.key, service);
    return this.admission.serviceChanged(service.key, service);
  }

  remove(key: string): string[] {
    this.services.delete(key);
    return this.admission.serviceChanged(key, undefined);
  }

  /** `pool=ip` of what the engine may hear of. */
  passed(key: string): string[] {
    return this.admission.passed(key).map(({ pool, ip }) => `${pool}=${ip}`);
  }
}

export const FOR_A = aPool('p', ['192.0.2.0/28'], { namespaces: ['a'] });
export const FOR_ALL = aPool('p', ['192.0.2.0/28']);

/** A Service that holds an address by its status. */
export function holder(key: string, overrides: Partial<Service> = {}, ip = IP, pool = 'p'): Service {
  return aService(key, { claims: true, recorded: [{ pool, ip }], ingressIPs: [ip], ...overrides });
}

export function withPool(pool: Pool): Bench {
  const bench = new Bench();
  bench.pools.set(pool.name, pool);
  return bench;
}
