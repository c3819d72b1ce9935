import type { Assignment, Service } from '../../domain/service.ts';
import { sharingProblem } from '../../domain/sharing.ts';
import { toHoldingService } from './domain/holding.ts';

const NOTHING: readonly Assignment[] = [];

/** The addresses that a Service claims to hold. */
export function askedBy(service: Service): readonly Assignment[] {
  return toHoldingService(service)?.assignments ?? NOTHING;
}

function isRival(a: Service, b: Service): boolean {
  return a.key !== b.key && sharingProblem(a.sharing, b.sharing) !== undefined;
}

/** The addresses that Services which can't share them claim in the first full list, with all that claim them, until that is over. */
export class Contests {
  readonly #claimants = new Map<string, Map<string, Service>>();

  begin(services: readonly Service[]): void {
    const first = new Map<string, Service>();
    for (const service of services) {
      for (const { ip } of askedBy(service)) {
        const other = first.get(ip);
        if (other === undefined) first.set(ip, service);
        else this.#note(ip, other).set(service.key, service);
      }
    }
    this.endSettled([...this.#claimants.keys()]);
  }

  has(ip: string): boolean {
    return this.#claimants.has(ip);
  }

  /** Those that claim an address and can't share it with this Service. */
  rivals(ip: string, service: Service): Service[] {
    return [...(this.#claimants.get(ip)?.values() ?? [])].filter((other) => isRival(other, service));
  }

  /** A Service changed, or went if there is none; returns the addresses that it contested. */
  update(key: string, service: Service | undefined): string[] {
    const touched = [...this.#claimants].filter(([, claimants]) => claimants.has(key));
    for (const [ip, claimants] of touched) {
      const isSame = service?.uid === claimants.get(key)?.uid;
      if (service !== undefined && isSame && askedBy(service).some((assignment) => assignment.ip === ip))
        claimants.set(key, service);
      else claimants.delete(key);
    }
    return touched.map(([ip]) => ip);
  }

  /** Forgets those of the addresses that nobody contests any more. */
  endSettled(ips: readonly string[]): void {
    for (const ip of ips) {
      const claimants = [...(this.#claimants.get(ip)?.values() ?? [])];
      if (!claimants.some((service) => this.rivals(ip, service).length > 0)) this.#claimants.delete(ip);
    }
  }
  #note(ip: string, first: Service): Map<string, Service> {
    const claimants = this.#claimants.get(ip) ?? new Map([[first.key, first]]);
    this.#claimants.set(ip, claimants);
    return claimants;
  }
}
