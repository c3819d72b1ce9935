import React, { type ReactElement } from 'react';
import { CreationPage, EditingPage, type EditedPages } from '../../editor/EditorPages.tsx';
import { NAME, type FormField } from '../../editor/form-fields.tsx';
import { NEW_PEER, peerDraftOf, peerFieldOf, peerObjectOf, type PeerDraft } from './peer-draft.ts';

const FIELDS: readonly FormField<PeerDraft>[] = [
  NAME,
  { control: 'text', field: 'address', label: 'ADDRESS', hint: 'PEER_ADDRESS_HINT', needed: true },
  { control: 'number', field: 'peerAs', label: 'AS_NUMBER', hint: 'PEER_AS_HINT', needed: true, min: 0 },
  { control: 'number', field: 'localAs', label: 'PEER_LOCAL_AS', hint: 'PEER_LOCAL_AS_HINT', min: 0 },
  { control: 'text', field: 'secret', label: 'PEER_SECRET', hint: 'PEER_SECRET_HINT' },
  { control: 'number', field: 'port', label: 'PEER_PORT', hint: 'PEER_PORT_HINT', min: 0 },
  { control: 'number', field: 'holdTime', label: 'PEER_HOLD_TIME_WANTED', hint: 'PEER_HOLD_TIME_HINT', min: 0 },
  { control: 'check', field: 'multihop', label: 'PEER_MULTIHOP', hint: 'PEER_MULTIHOP_HINT' },
  { control: 'check', field: 'bfd', label: 'BFD', hint: 'PEER_BFD_HINT' },
  { control: 'check', field: 'nextHopSelf', label: 'PEER_SELF', hint: 'PEER_SELF_HINT' },
  { control: 'check', field: 'gracefulShutdown', label: 'PEER_DRAIN', hint: 'PEER_DRAIN_ABOUT' },
  { control: 'check', field: 'adminDown', label: 'PEER_SHUT_DOWN', hint: 'PEER_SHUT_ABOUT' },
];

const PEER: EditedPages<PeerDraft> = {
  ...{ plural: 'bgppeers', page: 'porterlb.peers', title: 'PEERS', create: 'PEER_CREATE', blank: NEW_PEER },
  ...{ fields: FIELDS, draftOf: peerDraftOf, objectOf: peerObjectOf, fieldOf: peerFieldOf },
  simulation: ({ metadata, spec = {} }) => ({ peers: [{ name: metadata.name, spec }] }),
};

export function PeerCreation(): ReactElement {
  return <CreationPage kind={PEER} />;
}

export function PeerEditing(): ReactElement {
  return <EditingPage kind={PEER} />;
}
