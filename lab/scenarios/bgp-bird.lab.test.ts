/**
 * The BGP speaker against BIRD 2, without a cluster; what is asserted is BIRD's table and its kernel's. Needs root, iproute2 and iptables;
 * BIRD is installed.
 */
import { before } from 'node:test';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { BirdRouter } from './bgp-routers/bird-router.ts';
import { Interop, scenarios } from './bgp-routers/interop.ts';

before(() => ensurePrograms(['bird', 'birdc'], progressToStderr));
scenarios(new Interop(() => BirdRouter.start(`plbbi${process.pid}`)));
