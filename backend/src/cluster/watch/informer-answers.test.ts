import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '../errors.ts';
import { pass, settle } from '../fake/passage.ts';
import { services } from '../kinds.ts';
import type { Service } from '../kinds.ts';
import { service, started } from './testing/informer-bench.ts';
import type { Bench } from './testing/informer-bench.ts';

const ref = { namespace: 'default', name: 'a' };

function read({ api }: Bench): Service | undefined {
  return api.read(services, ref);
}

describe('Informer and the answers to writes of our own', () => {
  /** The server's object `a` as it is, and as a write of ours makes it. */
  function written(made: Bench, label: string): { answer: Service; replaced: string } {
    const replaced = read(made)?.metadata?.resourceVersion ?? '';
    return { answer: structuredClone(made.api.store(services, service('a', label))), replaced };
  }

  it('tells them before the watch does, and once', async () => {
    const made = await started();
    const { answer, replaced } = written(made, 'ours');
    made.informer.answered(answer, replaced);
    assert.deepEqual(made.changes, ['set default/a ours']);
    await settle();
    assert.deepEqual(made.changes, ['set default/a ours']);
    made.api.store(services, service('a', 'another'));
    await settle();
    assert.deepEqual(made.changes, ['set default/a ours', 'set default/a another']);
    assert.deepEqual(made.informer.get('default/a')?.metadata, read(made)?.metadata);
  });

  it('takes nothing back that a list which was under way does not know of yet', async () => {
    const made = await started();
    const list = made.api.list.bind(made.api);
    const { promise, resolve } = Promise.withResolvers<void>();
    made.api.list = async (kind, options) => {
      made.api.list = list;
      const page = await list(kind, options);
      await promise;
      return page;
    };
    made.api.breakWatches(new ApiError({ status: 410, reason: 'Expired', message: 'too old' }));
    await pass(made.clock, 1_000);
    for (const label of ['first', 'second']) {
      const { answer, replaced } = written(made, label);
      made.informer.answered(answer, replaced);
    }
    resolve();
    await pass(made.clock, 1_000);
    assert.deepEqual(made.changes, ['set default/a first', 'set default/a second']);
    assert.deepEqual(made.informer.get('default/a')?.metadata, read(made)?.metadata);
    assert.equal(made.informer.state.name, 'synced');
  });

  it('leaves what is known better by now: somebody else wrote after us, deleted it or made it anew', async () => {
    const made = await started();
    const { answer, replaced } = written(made, 'ours');
    made.api.store(services, service('a', 'theirs'));
    await settle();
    made.changes.length = 0;
    made.informer.answered(answer, replaced);
    assert.deepEqual(made.changes, []);
    const later = written(made, 'ours again');
    made.api.remove(services, ref);
    await settle();
    made.informer.answered(later.answer, later.replaced);
    made.api.store(services, service('a', 'anew'));
    await settle();
    made.informer.answered(later.answer, later.replaced);
    assert.deepEqual(made.changes, ['set default/a ours again', 'delete default/a', 'set default/a anew']);
    assert.deepEqual(made.informer.get('default/a')?.metadata, read(made)?.metadata);
  });

  it('a deletion that the watch brings after it holds', async () => {
    const made = await started();
    const { answer, replaced } = written(made, 'ours');
    made.api.remove(services, ref);
    made.informer.answered(answer, replaced);
    await settle();
    assert.deepEqual(made.changes, ['set default/a ours', 'delete default/a']);
    assert.deepEqual(made.informer.get('default/a')?.metadata, read(made)?.metadata);
  });
});
