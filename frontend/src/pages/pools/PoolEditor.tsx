import React, { type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import { CheckField, NumberField, SelectField, TextField } from '../../editor/fields.tsx';
import { ObjectEditor, type EditedKind, type FormProps } from '../../editor/ObjectEditor.tsx';
import { useObject } from '../../editor/use-object.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { text } from '../../texts/texts.ts';
import { NEW_POOL, poolDraftOf, poolFieldOf, poolObjectOf, type PoolDraft } from './pool-draft.ts';

const POOL: EditedKind<PoolDraft> = {
  plural: 'eips',
  draftOf: poolDraftOf,
  objectOf: poolObjectOf,
  fieldOf: poolFieldOf,
  simulation: ({ metadata, spec = {} }) => ({ pools: [{ name: metadata.name, spec }] }),
  form: (props) => <PoolForm {...props} />,
};

export function PoolCreation(): ReactElement {
  const back = `/clusters/${useCluster()}/porterlb.pools`;
  return (
    <Page title={text('POOL_CREATE')} back={{ to: back, label: text('POOLS') }}>
      <ObjectEditor kind={POOL} base={NEW_POOL} exists={false} back={back} />
    </Page>
  );
}

export function PoolEditing(): ReactElement {
  const name = useParams()['name'] ?? '';
  const found = useObject('eips', name);
  const back = `/clusters/${useCluster()}/porterlb.pools/${name}`;
  return (
    <Page title={text('OF_OBJECT', { action: text('EDIT'), name })} back={{ to: back, label: name }}>
      <PageState live={found}>
        {(base) => (
          <ObjectEditor
            key={base.metadata.resourceVersion}
            kind={POOL}
            base={base}
            exists
            back={back}
            onReload={found.refresh}
          />
        )}
      </PageState>
    </Page>
  );
}

function PoolForm({ draft, onChange, errors, exists }: FormProps<PoolDraft>): ReactElement {
  const set = (change: Partial<PoolDraft>): void => onChange({ ...draft, ...change });
  return (
    <>
      <TextField
        label={text('NAME')}
        value={draft.name}
        disabled={exists}
        error={errors['name']}
        onChange={(name) => set({ name })}
      />
      <TextField
        label={text('ADDRESSES')}
        hint={text('POOL_ADDRESSES_HINT')}
        rows={3}
        value={draft.ranges}
        error={errors['ranges']}
        onChange={(ranges) => set({ ranges })}
      />
      <SelectField
        label={text('PROTOCOL')}
        hint={text(draft.protocol === 'layer2' ? 'POOL_LAYER2_HINT' : 'POOL_BGP_HINT')}
        value={draft.protocol}
        error={errors['protocol']}
        options={protocols(draft.protocol)}
        onChange={(protocol) => set({ protocol })}
      />
      {draft.protocol === 'layer2' && (
        <TextField
          label={text('POOL_INTERFACE')}
          hint={text('POOL_INTERFACE_HINT')}
          value={draft.interface}
          error={errors['interface']}
          onChange={(name) => set({ interface: name })}
        />
      )}
      <CheckField
        label={text('POOL_DEFAULT')}
        hint={text('POOL_DEFAULT_HINT')}
        checked={draft.isDefault}
        onChange={(isDefault) => set({ isDefault })}
      />
      <TextField
        label={text('POOL_PROJECTS')}
        hint={text('POOL_PROJECTS_HINT')}
        value={draft.namespaces}
        error={errors['namespaces']}
        onChange={(namespaces) => set({ namespaces })}
      />
      <NumberField
        label={text('POOL_PRIORITY')}
        hint={text('POOL_PRIORITY_HINT')}
        value={draft.priority}
        error={errors['priority']}
        onChange={(priority) => set({ priority })}
      />
      <NumberField
        label={text('POOL_REST')}
        hint={text('POOL_REST_HINT')}
        min={0}
        value={draft.reuseAfterSeconds}
        error={errors['reuseAfterSeconds']}
        onChange={(reuseAfterSeconds) => set({ reuseAfterSeconds })}
      />
      <CheckField
        label={text('POOL_AVOID')}
        checked={draft.avoidBuggyIPs}
        error={errors['avoidBuggyIPs']}
        onChange={(avoidBuggyIPs) => set({ avoidBuggyIPs })}
      />
    </>
  );
}

function protocols(now: string): { value: string; label: string }[] {
  const known = [
    { value: 'bgp', label: text('PROTOCOL_BGP') },
    { value: 'layer2', label: text('PROTOCOL_LAYER2') },
  ];
  // OpenELB's vip, of an object that is older.
  return known.some(({ value }) => value === now) ? known : [...known, { value: now, label: now }];
}
