/**
 * A stand-in for OpenELB's speaker, run in a Pod on the node's network: it announces the addresses of pools by what their status says is used
 * (`used`, OpenELB's ledger). Those of bgp pools each through its own node, and takes leave as OpenELB does, with a Cease that makes routers drop
 * its routes at once; those of layer2 pools by ARP from one node each, those of vip pools from one for all, as VRRP has it. A program of its own, so that
 * nothing of the product can make up for itself here.
 */
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { ArpAnnouncer, ownerOf } from './arp.ts';

const { NODE_IP = '', ROUTER = '', AS = '65001', NODE_NAME = '', NODES = '' } = process.env;
const nodes = NODES.split(',');
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const HOLD_SECONDS = 90;
const POLL_MS = 300;

const octets = (ip: string): number[] => ip.split('.').map(Number);
const uint16 = (value: number): number[] => [value >> 8, value & 0xff];

/** RFC 4271, section 4.1. */
function message(type: number, body: readonly number[]): Buffer {
  return Buffer.from([...Array<number>(16).fill(0xff), ...uint16(19 + body.length), type, ...body]);
}

const open = message(1, [4, ...uint16(Number(AS)), ...uint16(HOLD_SECONDS), ...octets(NODE_IP), 0]);
const keepalive = message(4, []);
const cease = message(3, [6, 3]);

function announcement(ip: string): Buffer {
  const attributes = [
    ...[0x40, 1, 1, 0],
    ...[0x40, 2, 4, 2, 1, ...uint16(Number(AS))],
    ...[0x40, 3, 4, ...octets(NODE_IP)],
  ];
  return message(2, [...uint16(0), ...uint16(attributes.length), ...attributes, 32, ...octets(ip)]);
}

function withdrawal(ip: string): Buffer {
  return message(2, [...uint16(5), 32, ...octets(ip), ...uint16(0)]);
}

interface Pool {
  readonly spec: { readonly protocol?: string };
  readonly status?: { readonly used?: Readonly<Record<string, string>> };
}

async function pools(): Promise<readonly Pool[]> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const headers = { authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8')}` };
  const path = '/apis/network.kubesphere.io/v1alpha2/eips';
  const text = await new Promise<string>((resolve, reject) => {
    const options = { host, port, path, headers, ca: readFileSync(`${ACCOUNT}/ca.crt`), timeout: 2_000 };
    const asked = get(options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(body));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject);
  });
  return (JSON.parse(text) as { readonly items: readonly Pool[] }).items;
}

function usedIn(all: readonly Pool[], protocol: 'bgp' | 'layer2' | 'vip'): string[] {
  return all
    .filter(({ spec }) => (spec.protocol ?? 'bgp') === protocol)
    .flatMap(({ status }) => Object.keys(status?.used ?? {}));
}

/** What this node answers ARP for: of layer2 pools its share, of vip pools all if it is the one that has them. */
function ownOnLink(all: readonly Pool[]): string[] {
  const share = usedIn(all, 'layer2').filter((ip) => ownerOf(ip, nodes) === NODE_NAME);
  return [...share, ...(nodes[0] === NODE_NAME ? usedIn(all, 'vip') : [])];
}

const link = new ArpAnnouncer();
const announced = new Set<string>();
let session: Socket | undefined;
let isEstablished = false;

function dial(): void {
  const socket = connect({ host: ROUTER, port: 179, localAddress: NODE_IP });
  session = socket;
  socket.on('connect', () => socket.write(open));
  // Whatever the router says first is its OPEN; what comes later is kept alive by our own clock.
  socket.once('data', () => {
    socket.write(keepalive);
    isEstablished = true;
  });
  socket.on('data', () => undefined);
  socket.on('error', (error) => console.log(error.message));
  socket.on('close', () => {
    isEstablished = false;
    announced.clear();
    setTimeout(dial, 1_000);
  });
}

async function update(): Promise<void> {
  const all = await pools();
  link.set(ownOnLink(all));
  const wanted = usedIn(all, 'bgp');
  if (!isEstablished) return;
  for (const ip of wanted.filter((each) => !announced.has(each))) {
    session?.write(announcement(ip));
    announced.add(ip);
  }
  for (const ip of [...announced].filter((each) => !wanted.includes(each))) {
    session?.write(withdrawal(ip));
    announced.delete(ip);
  }
}

async function follow(): Promise<void> {
  try {
    await update();
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
  }
  setTimeout(() => void follow(), POLL_MS);
}

process.on('SIGTERM', () => {
  link.set([]);
  session?.end(cease, () => process.exit(0));
  if (!isEstablished) process.exit(0);
});
dial();
void follow();
setInterval(() => isEstablished && session?.write(keepalive), 10_000);
