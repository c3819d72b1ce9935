import type { Changes, InputDelta } from './messages.ts';

function both<T>(first: Changes<T> | undefined, second: Changes<T> | undefined): Changes<T> | undefined {
  if (first === undefined) return second;
  if (second === undefined) return first;
  return new Map([...first, ...second]);
}

/** One delta with the effect of `first`, then `second`. */
export function coalesce(first: InputDelta, second: InputDelta): InputDelta {
  const merged: { -readonly [K in keyof InputDelta]: InputDelta[K] | undefined } = {
    services: both(first.services, second.services),
    endpoints: both(first.endpoints, second.endpoints),
    nodes: both(first.nodes, second.nodes),
    pools: both(first.pools, second.pools),
    peers: both(first.peers, second.peers),
    passwords: both(first.passwords, second.passwords),
    settings: second.settings === undefined ? first.settings : second.settings,
    replicas: second.replicas ?? first.replicas,
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}
