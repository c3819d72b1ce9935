import type { PeerSummary } from '../../generated/api.ts';
import type { Way } from '../../parts/ObjectChange.tsx';

const DRAIN: Way = {
  ...{ action: 'PEER_DRAIN', about: 'PEER_DRAIN_ABOUT', done: 'PEER_NOW_DRAINS' },
  apply: (objects, name) => objects.patch('bgppeers', name, { spec: { gracefulShutdown: true } }),
};

const UNDRAIN: Way = {
  ...{ action: 'PEER_UNDRAIN', about: 'PEER_UNDRAIN_ABOUT', done: 'PEER_NOW_UNDRAINED' },
  apply: (objects, name) => objects.patch('bgppeers', name, { spec: { gracefulShutdown: false } }),
};

const SHUT: Way = {
  ...{ action: 'PEER_SHUT_DOWN', about: 'PEER_SHUT_ABOUT', done: 'PEER_NOW_SHUT', isDangerous: true },
  apply: (objects, name) => objects.patch('bgppeers', name, { spec: { conf: { adminDown: true } } }),
  simulation: (name) => ({ peers: [{ name, adminDown: true }] }),
};

const OPEN: Way = {
  ...{ action: 'PEER_OPEN', about: 'PEER_OPEN_ABOUT', done: 'PEER_NOW_OPEN' },
  apply: (objects, name) => objects.patch('bgppeers', name, { spec: { conf: { adminDown: false } } }),
  simulation: (name) => ({ peers: [{ name, adminDown: false }] }),
};

const DELETE: Way = {
  ...{ action: 'DELETE', about: 'PEER_DELETE_ABOUT', done: 'PEER_DELETED', isDangerous: true, removes: true },
  apply: (objects, name) => objects.remove('bgppeers', name),
  simulation: (name) => ({ peers: [{ name, delete: true }] }),
};

/** What can be done with a router as it is. `drains`: whether it is being shut down gracefully; undefined: not known. */
export function peerWays({ adminDown, deleting }: PeerSummary, drains: boolean | undefined): readonly Way[] {
  if (deleting) return [];
  const graceful = drains === undefined ? [] : [drains ? UNDRAIN : DRAIN];
  return [...graceful, adminDown ? OPEN : SHUT, DELETE];
}
