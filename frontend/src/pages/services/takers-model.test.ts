import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { takersShown } from './takers-model.ts';

const bgp = { pool: 'office', protocol: 'bgp', nodes: ['n1', 'n2', 'n3'], more: 0 } as const;

suite('who takes the traffic of a Service, in a list', () => {
  test('is named once where its addresses are taken by the same', () => {
    const shown = takersShown([
      { ...bgp, ip: '192.0.2.1' },
      { ...bgp, ip: '2001:db8::1' },
      { ip: '198.51.100.1', pool: 'lan', protocol: 'layer2', nodes: ['n3'], more: 0 },
    ]);
    assert.deepEqual(
      shown.map(({ names, more, role, title }) => [names, more, role, title]),
      [
        ['n1, n2', 1, undefined, '192.0.2.1, 2001:db8::1: n1, n2, n3'],
        ['n3', 0, 'PATH_OWNER', '198.51.100.1: n3'],
      ],
    );
  });

  test('is nobody where nobody says so, and where the API does not know the question', () => {
    assert.deepEqual(takersShown([{ ...bgp, ip: '192.0.2.1', nodes: null }]), []);
    assert.deepEqual(takersShown([{ ...bgp, ip: '192.0.2.1', nodes: [] }]), []);
    assert.deepEqual(takersShown(undefined), []);
  });
});
