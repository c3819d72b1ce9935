import assert from 'node:assert/strict';
import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import { FakeKube } from '../../fake/fake-kube.ts';
import { settle } from '../../fake/passage.ts';
import { services } from '../../kinds.ts';
import type { Service } from '../../kinds.ts';
import { Informer } from '../informer.ts';
import type { InformerOptions, InformerState } from '../informer.ts';

export function service(name: string, label = ''): Service {
  return { metadata: { name, namespace: 'default', labels: { label } }, spec: {} };
}

/** An informer of Services on a fake API server, with what it told. */
export interface Bench {
  readonly clock: FakeClock;
  readonly api: FakeKube;
  readonly informer: Informer<Service>;
  readonly changes: string[];
  readonly states: InformerState['name'][];
  readonly logger: FakeLogger;
}

export function bench(options: Partial<InformerOptions<Service>> = {}): Bench {
  const clock = new FakeClock();
  const api = new FakeKube({ clock });
  const logger = new FakeLogger();
  const changes: string[] = [];
  const states: InformerState['name'][] = [];
  const informer = new Informer<Service>(
    { api, clock, random: { next: () => 0.5 }, logger },
    {
      kind: services,
      onChange: (change) => {
        const label = change.type === 'set' ? (change.object.metadata?.labels?.['label'] ?? '') : '';
        changes.push(`${change.type} ${change.key} ${label}`.trim());
      },
      onState: (state) => states.push(state.name),
      ...options,
    },
  );
  return { clock, api, informer, changes, states, logger };
}

/** The same, in step with a server that has the Services `a` and `b`. */
export async function started(options: Partial<InformerOptions<Service>> = {}): Promise<Bench> {
  const made = bench(options);
  made.api.store(services, service('a'));
  made.api.store(services, service('b'));
  made.informer.start();
  await settle();
  assert.deepEqual(made.changes.splice(0), ['set default/a', 'set default/b']);
  assert.deepEqual(made.states.splice(0), ['synced']);
  return made;
}

/** Counts the calls of one method from now on. */
export function countCalls(api: FakeKube, method: 'list' | 'watch'): () => number {
  let calls = 0;
  const original = api[method].bind(api) as (...args: unknown[]) => unknown;
  Object.assign(api, {
    [method]: (...args: unknown[]) => {
      calls += 1;
      return original(...args);
    },
  });
  return () => calls;
}
