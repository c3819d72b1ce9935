import React, { type ReactElement } from 'react';
import { useSearchParams } from 'react-router-dom';
import { CreationPage, EditingPage, type EditedPages } from '../../editor/EditorPages.tsx';
import { NAME, type FormField } from '../../editor/form-fields.tsx';
import { FIRST } from '../../parts/first.ts';
import { text } from '../../texts/texts.ts';
import {
  FIRST_POOL,
  NEW_POOL,
  poolDraftOf,
  poolFieldOf,
  poolObjectOf,
  poolSimulation,
  type PoolDraft,
} from './pool-draft.ts';

const FIELDS: readonly FormField<PoolDraft>[] = [
  NAME,
  { control: 'text', field: 'ranges', label: 'ADDRESSES', hint: 'POOL_ADDRESSES_HINT', needed: true, rows: 3 },
  {
    ...{ control: 'select', field: 'protocol', label: 'PROTOCOL', options: ({ protocol }) => protocols(protocol) },
    hint: ({ protocol }) => (protocol === 'layer2' ? 'POOL_LAYER2_HINT' : 'POOL_BGP_HINT'),
  },
  {
    ...{ control: 'text', field: 'interface', label: 'POOL_INTERFACE', hint: 'POOL_INTERFACE_HINT' },
    when: ({ protocol }) => protocol === 'layer2',
  },
  {
    ...{ control: 'check', field: 'isDefault', label: 'POOL_DEFAULT' },
    hint: ({ isDefault }) => (isDefault ? 'POOL_DEFAULT_HINT' : 'POOL_NOT_DEFAULT_HINT'),
  },
  { control: 'text', field: 'namespaces', label: 'POOL_PROJECTS', hint: 'POOL_PROJECTS_HINT' },
  { control: 'number', field: 'priority', label: 'POOL_PRIORITY', hint: 'POOL_PRIORITY_HINT' },
  { control: 'number', field: 'reuseAfterSeconds', label: 'POOL_REST', hint: 'POOL_REST_HINT', min: 0 },
  { control: 'check', field: 'avoidBuggyIPs', label: 'POOL_AVOID' },
];

const POOL: EditedPages<PoolDraft> = {
  ...{ plural: 'eips', page: 'porterlb.pools', title: 'POOLS', create: 'POOL_CREATE', blank: NEW_POOL, fields: FIELDS },
  ...{ draftOf: poolDraftOf, objectOf: poolObjectOf, fieldOf: poolFieldOf },
  simulation: poolSimulation,
};

export function PoolCreation(): ReactElement {
  const [asked] = useSearchParams();
  return <CreationPage kind={asked.has(FIRST) ? { ...POOL, blank: FIRST_POOL } : POOL} />;
}

export function PoolEditing(): ReactElement {
  return <EditingPage kind={POOL} />;
}

function protocols(now: string): { value: string; label: string }[] {
  const known = [
    { value: 'bgp', label: text('PROTOCOL_BGP') },
    { value: 'layer2', label: text('PROTOCOL_LAYER2') },
  ];
  // OpenELB's vip, of an object that is older.
  return known.some(({ value }) => value === now) ? known : [...known, { value: now, label: now }];
}
