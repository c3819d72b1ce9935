import React, { type ReactElement } from 'react';
import type { ObjectStore } from '../../api/objects.ts';
import type { Bodies, PeerSummary } from '../../generated/api.ts';
import { useObjects } from '../../live/surroundings.tsx';
import type { Action } from '../../parts/ActionMenu.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { SimulationView } from '../../parts/SimulationView.tsx';
import { text, type TextKey } from '../../texts/texts.ts';

export type PeerChangeKind = 'drain' | 'undrain' | 'shut' | 'open' | 'delete';

export interface PeerChange {
  readonly kind: PeerChangeKind;
  readonly peer: Pick<PeerSummary, 'name'>;
}

interface Way {
  readonly action: TextKey;
  readonly about: TextKey;
  readonly done: TextKey;
  readonly apply: (objects: ObjectStore, name: string) => Promise<unknown>;
  /** What the API is asked to try out first; undefined: the same routes go to the same routers. */
  readonly simulation?: (name: string) => Bodies['simulate'];
}

const WAYS: Readonly<Record<PeerChangeKind, Way>> = {
  drain: {
    action: 'PEER_DRAIN',
    about: 'PEER_DRAIN_ABOUT',
    done: 'PEER_NOW_DRAINS',
    apply: (objects, name) => objects.patch('bgppeers', name, { spec: { gracefulShutdown: true } }),
  },
  undrain: {
    action: 'PEER_UNDRAIN',
    about: 'PEER_UNDRAIN_ABOUT',
    done: 'PEER_NOW_UNDRAINED',
    apply: (objects, name) => objects.patch('bgppeers', name, { spec: { gracefulShutdown: false } }),
  },
  shut: {
    action: 'PEER_SHUT_DOWN',
    about: 'PEER_SHUT_ABOUT',
    done: 'PEER_NOW_SHUT',
    apply: (objects, name) => objects.patch('bgppeers', name, { spec: { conf: { adminDown: true } } }),
    simulation: (name) => ({ peers: [{ name, adminDown: true }] }),
  },
  open: {
    action: 'PEER_OPEN',
    about: 'PEER_OPEN_ABOUT',
    done: 'PEER_NOW_OPEN',
    apply: (objects, name) => objects.patch('bgppeers', name, { spec: { conf: { adminDown: false } } }),
    simulation: (name) => ({ peers: [{ name, adminDown: false }] }),
  },
  delete: {
    action: 'DELETE',
    about: 'PEER_DELETE_ABOUT',
    done: 'PEER_DELETED',
    apply: (objects, name) => objects.remove('bgppeers', name),
    simulation: (name) => ({ peers: [{ name, delete: true }] }),
  },
};

/** What can be done with a router as it is. `drains`: whether it is being shut down gracefully; undefined: not known. */
export function peerActions(
  { adminDown, deleting }: PeerSummary,
  drains: boolean | undefined,
  choose: (kind: PeerChangeKind) => void,
): Action[] {
  if (deleting) return [];
  const graceful: PeerChangeKind[] = drains === undefined ? [] : [drains ? 'undrain' : 'drain'];
  const kinds: PeerChangeKind[] = [...graceful, adminDown ? 'open' : 'shut', 'delete'];
  return kinds.map((kind) => ({ label: text(WAYS[kind].action), onChoose: () => choose(kind) }));
}

interface Props {
  readonly change: PeerChange;
  readonly onClose: (changed: boolean) => void;
}

/** Says what a change means, and whom it would affect, before it is made. */
export function PeerChangeDialog({ change: { kind, peer }, onClose }: Props): ReactElement {
  const objects = useObjects();
  const { action, about, done, apply, simulation } = WAYS[kind];
  return (
    <Confirm
      title={text('OF_OBJECT', { action: text(action), name: peer.name })}
      action={text(action)}
      dangerous={kind === 'delete' || kind === 'shut'}
      onConfirm={() => apply(objects, peer.name)}
      done={text(done, { name: peer.name })}
      onClose={onClose}
    >
      <p>{text(about)}</p>
      {simulation !== undefined && <SimulationView body={simulation(peer.name)} />}
    </Confirm>
  );
}
