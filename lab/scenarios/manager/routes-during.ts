import assert from 'node:assert/strict';
import type { ManagerLab } from './manager-lab.ts';
import { RouteHistory } from './route-history.ts';

/** Runs `action`; returns, by IPv4 address, every state that the route had meanwhile in the kernel of the first router. */
export async function routesDuring(
  lab: ManagerLab,
  ips: readonly string[],
  action: () => Promise<void>,
): Promise<Map<string, string[]>> {
  const histories = new Map<string, RouteHistory>();
  const states = new Map<string, string[]>();
  try {
    // One after the other: each tries out whether it hears the kernel by one and the same route.
    for (const ip of ips) histories.set(ip, await RouteHistory.start(lab.lab.router('r1'), ip));
    await action();
  } finally {
    for (const [ip, history] of histories) states.set(ip, await history.stop());
  }
  return states;
}

/** Runs `action`; the routes to these addresses lead to these machines before, after and in every state between. */
export async function keepsRoutes(
  lab: ManagerLab,
  [ips, nodes]: readonly [ips: readonly string[], nodes: readonly string[]],
  action: () => Promise<void>,
): Promise<void> {
  for (const ip of ips) await lab.routed(ip, nodes);
  const gateways = nodes.map((node) => lab.lab.node(node).addresses.ipv4).sort();
  const wanted = gateways.join();
  for (const [ip, states] of await routesDuring(lab, ips, action)) {
    for (const state of states) assert.equal(state, wanted, `the route to ${ip}`);
  }
  for (const ip of ips) await lab.routed(ip, nodes);
}

/** Runs `action`; no route to any of these addresses comes up, not for a moment. */
export async function neverRouted(lab: ManagerLab, ips: readonly string[], action: () => Promise<void>): Promise<void> {
  for (const [ip, states] of await routesDuring(lab, ips, action)) assert.deepEqual(states, [], `the route to ${ip}`);
}
