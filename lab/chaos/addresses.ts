import { addressesOf, doubleAddresses, keyOf, type ServiceObject } from './model.ts';

/** The addresses of Services over time: each has its own, and keeps it. */
export class AddressBook {
  /** By the uid of their Service. */
  readonly #given = new Map<string, string>();
  /** By name; those of a Service that is gone are its last ones. */
  readonly #last = new Map<string, readonly string[]>();

  /** One look at all Services. @returns what is wrong, in lines */
  look(services: readonly ServiceObject[]): string[] {
    const lines = doubleAddresses(services).map((double) => `two Services have one address: ${double}`);
    for (const service of services) {
      const { uid = '' } = service.metadata;
      const now = addressesOf(service).sort().join(' ');
      const before = this.#given.get(uid) ?? '';
      if (before !== '' && before !== now) lines.push(`${keyOf(service)} had ${before} and has ${now || 'nothing'}`);
      this.#given.set(uid, now);
      if (now !== '') this.#last.set(keyOf(service), addressesOf(service));
    }
    return lines;
  }

  /** The addresses that a Service (`namespace/name`) has, or had at last. */
  of(key: string): readonly string[] {
    return this.#last.get(key) ?? [];
  }
}
