/**
 * The BGP speaker against FRR in the scenarios that it goes through with each make of router, without a cluster; what is asserted is bgpd's table
 * and its kernel's. Needs root, FRR, iproute2 and iptables.
 */
import { FrrProgram } from './bgp-routers/frr-program.ts';
import { Interop } from './bgp-routers/interop.ts';
import { scenarios } from './bgp-routers/scenarios.ts';

scenarios(new Interop(() => FrrProgram.start(`plbfr${process.pid}`)));
