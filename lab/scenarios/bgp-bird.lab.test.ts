/**
 * The BGP speaker against BIRD 2, without a cluster; what is asserted is BIRD's table and its kernel's. Needs root, iproute2 and iptables;
 * BIRD is installed.
 */
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { BirdRouter } from './bgp-routers/bird-router.ts';
import { Interop } from './bgp-routers/interop.ts';
import { scenarios } from './bgp-routers/scenarios.ts';

async function start(): Promise<BirdRouter> {
  await ensurePrograms(['bird', 'birdc'], progressToStderr);
  return BirdRouter.start(`plbbi${process.pid}`);
}

scenarios(new Interop(start));
