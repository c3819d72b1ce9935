import React, { type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import { CheckField, NumberField, TextField } from '../../editor/fields.tsx';
import { ObjectEditor, type EditedKind, type FormProps } from '../../editor/ObjectEditor.tsx';
import { useObject } from '../../editor/use-object.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { text, type TextKey } from '../../texts/texts.ts';
import { NEW_PEER, peerDraftOf, peerFieldOf, peerObjectOf, type PeerDraft } from './peer-draft.ts';

const PEER: EditedKind<PeerDraft> = {
  plural: 'bgppeers',
  draftOf: peerDraftOf,
  objectOf: peerObjectOf,
  fieldOf: peerFieldOf,
  simulation: ({ metadata, spec = {} }) => ({ peers: [{ name: metadata.name, spec }] }),
  form: (props) => <PeerForm {...props} />,
};

export function PeerCreation(): ReactElement {
  const back = `/clusters/${useCluster()}/porterlb.peers`;
  return (
    <Page title={text('PEER_CREATE')} back={{ to: back, label: text('PEERS') }}>
      <ObjectEditor kind={PEER} base={NEW_PEER} exists={false} back={back} />
    </Page>
  );
}

export function PeerEditing(): ReactElement {
  const name = useParams()['name'] ?? '';
  const found = useObject('bgppeers', name);
  const back = `/clusters/${useCluster()}/porterlb.peers/${name}`;
  return (
    <Page title={text('OF_OBJECT', { action: text('EDIT'), name })} back={{ to: back, label: name }}>
      <PageState live={found}>
        {(base) => (
          <ObjectEditor
            key={base.metadata.resourceVersion}
            kind={PEER}
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

type TextName = 'address' | 'secret';
type NumberName = 'peerAs' | 'localAs' | 'port' | 'holdTime';
type CheckName = 'multihop' | 'bfd' | 'nextHopSelf' | 'gracefulShutdown' | 'adminDown';

/** The fields in their order, as data. */
const TEXTS: readonly (readonly [TextName, TextKey, TextKey])[] = [
  ['address', 'ADDRESS', 'PEER_ADDRESS_HINT'],
  ['secret', 'PEER_SECRET', 'PEER_SECRET_HINT'],
];
const NUMBERS: readonly (readonly [NumberName, TextKey, TextKey])[] = [
  ['peerAs', 'AS_NUMBER', 'PEER_AS_HINT'],
  ['localAs', 'PEER_LOCAL_AS', 'PEER_LOCAL_AS_HINT'],
  ['port', 'PEER_PORT', 'PEER_PORT_HINT'],
  ['holdTime', 'PEER_HOLD_TIME_WANTED', 'PEER_HOLD_TIME_HINT'],
];
const CHECKS: readonly (readonly [CheckName, TextKey, TextKey])[] = [
  ['multihop', 'PEER_MULTIHOP', 'PEER_MULTIHOP_HINT'],
  ['bfd', 'BFD', 'PEER_BFD_HINT'],
  ['nextHopSelf', 'PEER_SELF', 'PEER_SELF_HINT'],
  ['gracefulShutdown', 'PEER_DRAIN', 'PEER_DRAIN_ABOUT'],
  ['adminDown', 'PEER_SHUT_DOWN', 'PEER_SHUT_ABOUT'],
];

function PeerForm({ draft, onChange, errors, exists }: FormProps<PeerDraft>): ReactElement {
  const set = (change: Partial<PeerDraft>): void => onChange({ ...draft, ...change });
  const about = (field: string, label: TextKey, hint: TextKey): { label: string; hint: string; error?: string } => ({
    ...{ label: text(label), hint: text(hint) },
    ...(errors[field] === undefined ? {} : { error: errors[field] }),
  });
  return (
    <>
      <TextField
        label={text('NAME')}
        value={draft.name}
        disabled={exists}
        error={errors['name']}
        onChange={(name) => set({ name })}
      />
      {TEXTS.map(([field, label, hint]) => (
        <TextField
          key={field}
          {...about(field, label, hint)}
          value={draft[field]}
          onChange={(value) => set({ [field]: value })}
        />
      ))}
      {NUMBERS.map(([field, label, hint]) => (
        <NumberField
          key={field}
          {...about(field, label, hint)}
          min={0}
          value={draft[field]}
          onChange={(value) => set({ [field]: value })}
        />
      ))}
      {CHECKS.map(([field, label, hint]) => (
        <CheckField
          key={field}
          {...about(field, label, hint)}
          checked={draft[field]}
          onChange={(value) => set({ [field]: value })}
        />
      ))}
    </>
  );
}
