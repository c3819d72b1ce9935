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
