import type { Changes, InputDelta } from './messages.ts';

function goneIn<T>(before: Changes<T> | undefined, now: Changes<T> | undefined): Changes<T> {
  const gone = [...(before?.keys() ?? [])].filter((key) => now?.has(key) !== true);
  return new Map([...gone.map((key): [string, null] => [key, null]), ...(now ?? [])]);
}

/** One delta that makes the whole set `before` the whole set `now`: what the latter doesn't have goes. */
export function replacement(before: InputDelta, now: InputDelta): Required<InputDelta> {
  return {
    services: goneIn(before.services, now.services),
    endpoints: goneIn(before.endpoints, now.endpoints),
    nodes: goneIn(before.nodes, now.nodes),
    pools: goneIn(before.pools, now.pools),
    peers: goneIn(before.peers, now.peers),
    passwords: goneIn(before.passwords, now.passwords),
    settings: now.settings ?? null,
    replicas: now.replicas ?? [],
  };
}
