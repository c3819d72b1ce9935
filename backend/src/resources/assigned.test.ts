import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Assignment } from '../domain/service.ts';
import { formatAssigned, parseAssigned } from './assigned.ts';

suite('the record of what a Service was given', () => {
  test('reads what it wrote', () => {
    const assignment = fc.record(
      {
        pool: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/),
        ip: fc.constantFrom('192.0.2.1', '198.51.100.255', '2001:db8::1', '::'),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(assignment, { maxLength: 8 }), (assignments: Assignment[]) => {
        assert.deepEqual(parseAssigned(formatAssigned(assignments)), assignments);
      }),
    );
  });

  test('leaves out what does not read', () => {
    assert.deepEqual(parseAssigned('a=192.0.2.1, =192.0.2.2,b=garbage,c,d=1=2,e=192.0.2.010,f=2001:DB8::1'), [
      { pool: 'a', ip: '192.0.2.1' },
      { pool: 'f', ip: '2001:db8::1' },
    ]);
    assert.deepEqual(parseAssigned(undefined), []);
    assert.deepEqual(parseAssigned(''), []);
  });

  test('leaves out an address whose pool is not known, as an empty name would not read', () => {
    const assignments = [
      { pool: '', ip: '192.0.2.1' },
      { pool: 'six', ip: '2001:db8::1' },
    ];
    assert.equal(formatAssigned(assignments), 'six=2001:db8::1');
  });

  test('is read up to a bound', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `p=192.0.2.${i % 256}`).join(',');
    assert.equal(parseAssigned(many).length, 8);
  });
});
