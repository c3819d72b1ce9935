import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, ListedService } from '../../generated/api.ts';
import { serviceState } from './service-model.ts';

const said = (status: Condition['status'], text: string): Condition => ({
  ...{ status, text, message: '', reason: 'R', since: null },
});

const web: ListedService = {
  ...{ namespace: 'shop', name: 'web', createdAt: '2026-01-01T00:00:00Z', served: true, notServedBecause: null },
  ...{ ips: ['192.0.2.1'], pools: ['office'], externalTrafficPolicy: 'Cluster', ports: ['80/TCP'] },
  ...{ allocated: said('True', 'has it'), announced: said('True', 'is told'), takers: [] },
};

test('of a Service the first thing that keeps it from being reached is said', () => {
  const cases: [Partial<ListedService>, string, string, string?][] = [
    [{}, 'good', 'SERVICE_ANNOUNCED'],
    [
      { served: false, notServedBecause: { reason: 'ForeignClass', text: 'of another' } },
      'off',
      'SERVICE_NOT_SERVED',
      'of another',
    ],
    [{ ips: [], allocated: said('False', 'full'), announced: said('False', 'none') }, 'bad', 'SERVICE_WAITING', 'full'],
    [{ ips: [], allocated: null, announced: null }, 'unknown', 'SERVICE_WAITING'],
    [{ announced: said('False', 'no Pod') }, 'bad', 'SERVICE_NOT_ANNOUNCED', 'no Pod'],
    [{ announced: null }, 'unknown', 'STATE_UNKNOWN'],
    [{ allocated: said('False', 'no IPv6') }, 'warning', 'SERVICE_ANNOUNCED', 'no IPv6'],
  ];
  for (const [change, level, title, detail] of cases)
    assert.deepEqual(serviceState({ ...web, ...change }), { level, title, detail }, JSON.stringify(change));
});

test('what an API says that is older, and knows no other language, is said in English', () => {
  const { text: _, ...older } = said('False', '');
  const service = { ips: [], served: true, allocated: { ...older, message: 'Full.' } } as unknown as ListedService;
  assert.equal(serviceState(service).detail, 'Full.');
});
