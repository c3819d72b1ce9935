import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Journal } from '../cluster/journal.ts';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aService } from '../domain/testing/builders.ts';
import { ServiceIndex, type Entry } from './model/service-index.ts';

test('Services are in the order of their names, however they come, go and change', () => {
  const change = fc.record({ name: fc.constantFrom(...'abcdefgh'), goes: fc.boolean() });
  const rounds = fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 10 });
  fc.assert(
    fc.property(rounds, (all) => {
      const services = new Map<string, Service>();
      const nothing = { notServed: undefined, allocated: null, announced: null, held: [] };
      const entryOf = (each: Service): Entry => ({ service: each, ...nothing });
      const pools = new Map<string, Pool>();
      const serviceChanges = new Journal({ max: 3 });
      const index = new ServiceIndex({ services, serviceChanges, poolsInForce: () => pools, entryOf });
      let time = 0;
      for (const round of all) {
        for (const { name, goes } of round) {
          if (goes) services.delete(`shop/${name}`);
          else services.set(`shop/${name}`, aService(`shop/${name}`, { createdAt: (time += 1) }));
          serviceChanges.note(`shop/${name}`);
        }
        index.refresh();
        const expected = [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        assert.deepEqual(index.sorted, expected);
        assert.deepEqual(index.inNamespace('shop'), expected);
      }
    }),
  );
});

test('who holds an address of which pool is as if all were looked at anew, when Services and pools change', () => {
  const change = fc.record({ name: fc.constantFrom(...'abcdefgh'), goes: fc.boolean() });
  const rounds = fc.array(fc.record({ changes: fc.array(change, { maxLength: 9 }), otherPools: fc.boolean() }));
  fc.assert(
    fc.property(rounds, (all) => {
      const services = new Map<string, Service>();
      const serviceChanges = new Journal({ max: 3 });
      let pools = new Map<string, Pool>();
      let pool = 'pool-0';
      const entryOf = (service: Service): Entry => {
        const held = [{ ip: service.createdAt % 2 === 0 ? '192.0.2.1' : '192.0.2.2', pool }];
        return { service, notServed: undefined, allocated: null, announced: null, held };
      };
      const source = { services, serviceChanges, poolsInForce: () => pools, entryOf };
      const index = new ServiceIndex(source);
      for (const [number, { changes, otherPools }] of all.entries()) {
        for (const { name, goes } of changes) {
          const key = `shop/${name}`;
          if (goes) services.delete(key);
          else services.set(key, aService(key, { createdAt: number }));
          serviceChanges.note(key);
        }
        if (otherPools) [pools, pool] = [new Map(), `pool-${number + 1}`];
        index.refresh();
        const anew = new ServiceIndex(source);
        anew.refresh();
        assert.deepEqual(holdersOf(index), holdersOf(anew));
        assert.deepEqual(new Map([...index.entries].sort()), new Map([...anew.entries].sort()));
      }
    }),
  );
});

function holdersOf({ holders }: ServiceIndex): string[] {
  const held = [...holders].flatMap(([pool, byIp]) =>
    [...byIp].flatMap(([ip, all]) => all.map(({ service }) => `${pool} ${ip} ${service.key}`)),
  );
  return held.sort();
}
