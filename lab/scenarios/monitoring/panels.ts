/** What a panel shows of a network that is known: by series, as its legend names them, a value, or from which to which. */
export type Figures = Readonly<Record<string, number | Range>>;
export type Range = readonly [least: number, most: number];

const some: Range = [Number.MIN_VALUE, Number.POSITIVE_INFINITY];
const any: Range = [0, Number.POSITIVE_INFINITY];
const share: Range = [0, 1];

/** Two replicas with a router that has BFD, eight Services that have their addresses from two pools, a host that uses those of the LAN. */
export const WELL: Readonly<Record<string, Figures>> = {
  'Replicas ready': { 'Replicas ready': 2 },
  Leaders: { Leaders: 1 },
  'BGP sessions up': { 'BGP sessions up': 2 },
  'BGP sessions down': { 'BGP sessions down': 0 },
  'Services with an address': { 'Services with an address': 8 },
  'Services that wait': { 'Services that wait': 0 },
  'Addresses in conflict': { 'Addresses in conflict': 0 },
  'Dead nodes': { 'Dead nodes': 0 },
  'Used part of a pool': { 'public ipv4': 4 / 256, 'public ipv6': 0, 'lan ipv4': 4 / 123 },
  'Addresses of pools': {
    ...{ 'public ipv4 used': 4, 'public ipv6 used': 0, 'lan ipv4 used': 4 },
    ...{ 'public ipv4 resting': 0, 'public ipv6 resting': 0, 'lan ipv4 resting': 0 },
  },
  'Services that wait for a pool': { 'public ipv4': 0, 'public ipv6': 0, 'lan ipv4': 0 },
  'Services, by why they have their address or not': { Allocated: 8 },
  'Services, by why they are announced or not': { Announced: 8 },
  'From a new Service to its address, and until it is announced': {
    ...{ 'address, half of them': some, 'address, 99 %': some },
    ...{ 'announced, half of them': some, 'announced, 99 %': some },
  },
  'Replicas with a session': { r1: 2 },
  'Prefixes at a router': { r1: 4 },
  'UPDATE messages sent': { r1: some },
  'Sessions lost in an hour': { r1: 0 },
  'Replicas with BFD': { r1: 2 },
  'Silence after which a router is given up': { r1: 3 },
  'Routers given up in an hour': { r1: 0 },
  'Addresses by state': { announcing: 4, conflict: 0, 'no-link': 0, probing: 0 },
  'Questions and answers': { 'arp asked': some, 'arp answered': some, 'ndp asked': 0, 'ndp answered': 0 },
  'Announced without a question': { arp: some, ndp: 0 },
  'Frames that were not taken': { foreign: any },
  'Claims of others to our addresses': { 'eth0, strangers': 0, 'eth0, nodes': 0 },
  'Nodes by verdict': { alive: 3, dead: 0, unknown: 0 },
  Probes: { well: some, ailing: 0 },
  'Replicas that answer others': { 'porter-manager-n1': 1, 'porter-manager-n2': 1 },
  Requests: { 'patch services ok': some, 'patch leases ok': some },
  'Part of the requests that failed': { n1: share, n2: share },
  'For how long a watch has been broken': { services: any, eips: any, nodes: any },
  'Objects that wait for their turn': { services: any, announced: any, sessions: any },
  'Age of a view': { n1: any, n2: any },
  CPU: { n1: some, n2: some },
  Memory: { n1: [20e6, 2e9], n2: [20e6, 2e9] },
  'Delay of an event loop, 99 %': { main: some, engine: some },
};

/** The same, but a node is dead, a router is not there, a Service asks for what no pool has, and a host has the address of a ninth one. */
export const ILL: Readonly<Record<string, Figures>> = {
  'BGP sessions up': { 'BGP sessions up': 2 },
  'BGP sessions down': { 'BGP sessions down': 2 },
  'Services with an address': { 'Services with an address': 9 },
  'Services that wait': { 'Services that wait': 1 },
  'Addresses in conflict': { 'Addresses in conflict': 1 },
  'Dead nodes': { 'Dead nodes': 1 },
  'Services, by why they have their address or not': { Allocated: 9, WantedAddressOutsidePools: 1 },
  'Replicas with a session': { r1: 2, gone: 0 },
  'Claims of others to our addresses': { 'eth0, strangers': some, 'eth0, nodes': any },
  'Nodes by verdict': { alive: 2, dead: 1, unknown: 0 },
};

/** The API server is down. */
export const CUT_OFF: Readonly<Record<string, Figures>> = {
  'For how long a watch has been broken': { services: some, eips: some, nodes: some },
  'Part of the requests that failed': { n1: some, n2: some },
  'Age of a view': { n1: some, n2: some },
};

/** What is wrong with the series that a panel shows; undefined if nothing is. */
export function wrongWith(shown: ReadonlyMap<string, number>, expected: Figures): string | undefined {
  const isExact = Object.values(expected).every((figure) => typeof figure === 'number');
  const others = [...shown.keys()].filter((name) => !(name in expected));
  if (isExact && others.length > 0) return `shows ${others.join(', ')} too`;
  const unknown = [...shown].find(([, value]) => !Number.isFinite(value));
  if (unknown !== undefined) return `shows ${unknown[1]} for ${unknown[0]}`;
  const wrong = Object.entries(expected).find(([name, figure]) => !isAs(shown.get(name), figure));
  return wrong === undefined ? undefined : `shows ${shown.get(wrong[0]) ?? 'nothing'} for ${wrong[0]}, not ${wrong[1]}`;
}

function isAs(value: number | undefined, figure: number | Range): boolean {
  if (value === undefined) return false;
  if (typeof figure === 'number') return Math.abs(value - figure) < 1e-9;
  return value >= figure[0] && value <= figure[1];
}
