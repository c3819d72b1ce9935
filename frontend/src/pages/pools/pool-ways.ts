import type { PoolSummary } from '../../generated/api.ts';
import type { Way } from '../../parts/ObjectChange.tsx';

const ENABLE: Way = {
  ...{ action: 'POOL_ENABLE', about: 'POOL_ENABLE_ABOUT', done: 'POOL_ENABLED' },
  apply: (objects, name) => objects.patch('eips', name, { spec: { disable: false } }),
  simulation: (name) => ({ pools: [{ name, disable: false }] }),
};

const DISABLE: Way = {
  ...{ action: 'POOL_DISABLE', about: 'POOL_DISABLE_ABOUT', done: 'POOL_NOW_DISABLED' },
  apply: (objects, name) => objects.patch('eips', name, { spec: { disable: true } }),
  simulation: (name) => ({ pools: [{ name, disable: true }] }),
};

const DELETE: Way = {
  ...{ action: 'DELETE', about: 'POOL_DELETE_ABOUT', done: 'POOL_DELETED', isDangerous: true, removes: true },
  apply: (objects, name) => objects.remove('eips', name),
  simulation: (name) => ({ pools: [{ name, delete: true }] }),
};

/** What can be done with a pool as it is. */
export function poolWays({ disabled, deleting }: PoolSummary): readonly Way[] {
  return deleting ? [] : [disabled ? ENABLE : DISABLE, DELETE];
}
