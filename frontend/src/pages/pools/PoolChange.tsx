import React, { type ReactElement } from 'react';
import type { ObjectStore } from '../../api/objects.ts';
import type { Bodies, PoolSummary } from '../../generated/api.ts';
import { useObjects } from '../../live/surroundings.tsx';
import type { Action } from '../../parts/ActionMenu.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { SimulationView } from '../../parts/SimulationView.tsx';
import { text, type TextKey } from '../../texts/texts.ts';

export type ChangeKind = 'enable' | 'disable' | 'delete';

export interface PoolChange {
  readonly kind: ChangeKind;
  readonly pool: Pick<PoolSummary, 'name'>;
}

interface Way {
  readonly action: TextKey;
  readonly about: TextKey;
  readonly done: TextKey;
  readonly apply: (objects: ObjectStore, name: string) => Promise<unknown>;
  /** What the API is asked to try out first. */
  readonly simulation: (name: string) => Bodies['simulate'];
}

const WAYS: Readonly<Record<ChangeKind, Way>> = {
  enable: {
    action: 'POOL_ENABLE',
    about: 'POOL_ENABLE_ABOUT',
    done: 'POOL_ENABLED',
    apply: (objects, name) => objects.patch('eips', name, { spec: { disable: false } }),
    simulation: (name) => ({ pools: [{ name, disable: false }] }),
  },
  disable: {
    action: 'POOL_DISABLE',
    about: 'POOL_DISABLE_ABOUT',
    done: 'POOL_NOW_DISABLED',
    apply: (objects, name) => objects.patch('eips', name, { spec: { disable: true } }),
    simulation: (name) => ({ pools: [{ name, disable: true }] }),
  },
  delete: {
    action: 'DELETE',
    about: 'POOL_DELETE_ABOUT',
    done: 'POOL_DELETED',
    apply: (objects, name) => objects.remove('eips', name),
    simulation: (name) => ({ pools: [{ name, delete: true }] }),
  },
};

/** What can be done with a pool as it is. */
export function poolActions({ disabled, deleting }: PoolSummary, choose: (kind: ChangeKind) => void): Action[] {
  const kinds: ChangeKind[] = deleting ? [] : [disabled ? 'enable' : 'disable', 'delete'];
  return kinds.map((kind) => ({ label: text(WAYS[kind].action), onChoose: () => choose(kind) }));
}

interface Props {
  readonly change: PoolChange;
  readonly onClose: (changed: boolean) => void;
}

/** Says what a change means, and whom it would affect, before it is made. */
export function PoolChangeDialog({ change: { kind, pool }, onClose }: Props): ReactElement {
  const objects = useObjects();
  const { action, about, done, apply, simulation } = WAYS[kind];
  return (
    <Confirm
      title={text('OF_OBJECT', { action: text(action), name: pool.name })}
      action={text(action)}
      dangerous={kind === 'delete'}
      onConfirm={() => apply(objects, pool.name)}
      done={text(done, { name: pool.name })}
      onClose={onClose}
    >
      <p>{text(about)}</p>
      <SimulationView body={simulation(pool.name)} />
    </Confirm>
  );
}
