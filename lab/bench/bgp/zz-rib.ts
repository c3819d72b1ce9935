import { AdjRibOut } from '../../../backend/src/speakers/bgp/adj-rib-out.ts';
import { oneNodeForAll } from './full-table.ts';
const session = { peer: { localAs: 65000, peerAs: 65001 }, families: [{ family: 'ipv4-unicast' as const, addPathSendMax: 8 }], sending: { fourOctetAs: true, addPath: new Set(['ipv4-unicast' as const]) } };
const ribs = Array.from({ length: 10 }, () => new AdjRibOut({ onInvalid: () => {} }));
const a = oneNodeForAll(); const b = oneNodeForAll(3);
const drain = (r: AdjRibOut) => { while (r.take(131072) !== undefined); };
for (const r of ribs) { r.start(session); r.replace(a); drain(r); }
const times = [];
for (let i = 0; i < 12; i++) { const t = process.cpuUsage(); for (const r of ribs) { r.update(i % 2 ? a : b); drain(r); } const c = process.cpuUsage(t); times.push((c.user + c.system) / 1e4); }
console.log('ms a peer', times.sort((x, y) => x - y).map((x) => x.toFixed(1)).join(' '));
