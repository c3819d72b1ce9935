import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aPool } from '../domain/testing/builders.ts';
import { Inputs } from './inputs.ts';
import { holding } from './testing/shop.ts';
import { NOTHING_AROUND } from './testing/surroundings.ts';

const POOL = aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' });

function touchedBy(pool: typeof POOL): string[] {
  const inputs = new Inputs(NOTHING_AROUND);
  inputs.apply({ pools: new Map([['public', POOL]]), services: new Map([['shop/web', holding('web', '192.0.2.1')]]) });
  return [...inputs.apply({ pools: new Map([['public', pool]]) }).addresses];
}

suite('a change of a pool', () => {
  test('touches the addresses that are recorded in it', () =>
    assert.deepEqual(touchedBy({ ...POOL, interface: 'eth1' }), ['192.0.2.1']));

  test('touches none where only the status says who holds and who else uses addresses', () => {
    const conflict = { ip: '192.0.2.1', mac: '02:00:5e:10:00:0a', node: undefined, announced: true };
    assert.deepEqual(touchedBy({ ...POOL, heldNamespaces: ['shop'], conflicts: [conflict] }), []);
  });
});
