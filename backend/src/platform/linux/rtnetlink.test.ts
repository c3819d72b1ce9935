import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  addressesRequest,
  addressOf,
  isLast,
  linkOf,
  linksRequest,
  matchRequest,
  neighbourOf,
  neighboursRequest,
  neighbourStateOf,
  onLinkLengthOf,
  parseMessages,
  refusal,
  routeOf,
  routeRequest,
  wasInterrupted,
} from './rtnetlink.ts';

interface Recording {
  readonly links: readonly string[];
  readonly addresses: readonly string[];
  readonly routes: Readonly<Record<string, string>>;
  readonly ip: {
    readonly links: readonly {
      readonly index: number;
      readonly name: string;
      readonly address: string;
      readonly kind: string;
      readonly portOf: string;
      readonly flags: readonly string[];
      readonly type: string;
    }[];
    readonly addresses: readonly {
      readonly index: number;
      readonly local: string;
      readonly prefixLength: number;
      readonly scope: string;
      readonly tentative: boolean;
    }[];
  };
}

/** IPv6 routes to an address through a link. */
interface RoutesRecording {
  readonly asked: readonly { readonly address: string; readonly answer: string; readonly ip: string }[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8'));
const recording = read('rtnetlink.json') as Recording;
const { asked } = read('ipv6-routes.json') as RoutesRecording;

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const messages = (datagrams: readonly string[]): ReturnType<typeof parseMessages> =>
  datagrams.flatMap((hex) => parseMessages(bytes(hex)));
const everything = [
  ...[...recording.links, ...recording.addresses, ...Object.values(recording.routes)],
  ...asked.map(({ answer }) => answer),
];

describe('what the kernel says by rtnetlink', () => {
  it('is read as iproute2 reads it: links', () => {
    const read = messages(recording.links).flatMap((message) => linkOf(message) ?? []);
    assert.deepEqual(
      read.map(({ index, name, mac, kind, portOf, flags, hardware }) => ({
        ...{ index, name, kind, portOf, up: (flags & 1) !== 0, ethernet: hardware === 1 },
        address: [...mac].map((octet) => octet.toString(16).padStart(2, '0')).join(':'),
      })),
      recording.ip.links.map(({ index, name, kind, portOf, flags, type, address }) => ({
        ...{ index, name, kind, portOf, up: flags.includes('UP'), ethernet: type === 'ether' },
        address,
      })),
    );
  });

  it('is read as iproute2 reads it: addresses', () => {
    const read = messages(recording.addresses).flatMap((message) => addressOf(message) ?? []);
    const scopes: Readonly<Record<string, number>> = { global: 0, link: 253, host: 254 };
    const key = (entry: { readonly linkIndex: number; readonly address: string }): string =>
      `${entry.linkIndex} ${entry.address}`;
    const byKey = (a: Parameters<typeof key>[0], b: Parameters<typeof key>[0]): number => (key(a) < key(b) ? -1 : 1);
    assert.deepEqual(
      read.sort(byKey),
      recording.ip.addresses
        .map(({ index, local, prefixLength, scope, tentative }) => ({
          ...{ linkIndex: index, address: local, prefixLength, scope: scopes[scope], unusable: tentative },
        }))
        .sort(byKey),
    );
  });

  // struct nlmsghdr, struct ndmsg and attributes, packed by hand from linux/neighbour.h.
  const neighbour = (state: string, address: string, mac: string): ReturnType<typeof neighbourOf> => {
    const attributes = `${address}${mac}`;
    const length = (28 + attributes.length / 2).toString(16).padStart(2, '0');
    const message = `${length}0000001c00020007000000000000000200000003000000${state}000001${attributes}`;
    return parseMessages(bytes(message)).map(neighbourOf)[0];
  };

  it('says of each neighbour what the kernel thinks of it, and since when it was confirmed last', () => {
    const of = (state: string, attributes: string): ReturnType<typeof neighbourStateOf> => {
      const length = (28 + attributes.length / 2).toString(16).padStart(2, '0');
      const message = `${length}0000001c00020007000000000000000200000003000000${state}000001${attributes}`;
      return parseMessages(bytes(message)).map(neighbourStateOf)[0];
    };
    const ipv4 = '08000100c0000207';
    // struct nda_cacheinfo: confirmed, used, updated, references
    const times = `14000300${'2c010000'}${'05000000'}${'06000000'}${'00000000'}`;
    assert.deepEqual(of('20', ipv4), { linkIndex: 3, address: '192.0.2.7', state: 0x20, confirmedAgo: undefined });
    assert.deepEqual(of('02', `${ipv4}${times}`), {
      linkIndex: 3,
      address: '192.0.2.7',
      state: 0x02,
      confirmedAgo: 300,
    });
    assert.equal(of('02', times), undefined);
  });

  it('names neighbours that it has met, not those that it looks for or has not found', () => {
    const [ipv4, ipv6] = ['08000100c0000207', `1400010020010db8${'00'.repeat(11)}09`];
    const mac = '0a00020002005e10000a0000';
    const octets = bytes('02005e10000a');
    const stale = '04';
    assert.deepEqual(neighbour(stale, ipv4, mac), { linkIndex: 3, address: '192.0.2.7', mac: octets });
    assert.deepEqual(neighbour(stale, ipv6, mac), { linkIndex: 3, address: '2001:db8::9', mac: octets });
    for (const state of ['01', '20', '40', '00']) assert.equal(neighbour(state, ipv4, mac), undefined, state);
    assert.equal(neighbour(stale, ipv4, ''), undefined);
    assert.equal(neighbour(stale, '', mac), undefined);
    assert.equal(neighbour(stale, ipv4, '080002000a000001'), undefined);
  });

  it('names the link of a route, what is local, and where there is none', () => {
    const towards = (address: string): ReturnType<typeof routeOf> => {
      const [message] = parseMessages(bytes(recording.routes[address] ?? ''));
      assert.ok(message !== undefined);
      return isLast(message) ? undefined : routeOf(message);
    };
    const [unicast, local] = [1, 2];
    assert.deepEqual(towards('203.0.113.9'), { type: unicast, linkIndex: 3, isVia: true });
    assert.deepEqual(towards('198.51.100.7'), { type: unicast, linkIndex: 4, isVia: false });
    assert.deepEqual(towards('2001:db8::9'), { type: unicast, linkIndex: 3, isVia: false });
    assert.equal(towards('192.0.2.1')?.type, local);
    assert.equal(towards('2001:db8:ffff::1'), undefined);
    const [refused] = parseMessages(bytes(recording.routes['2001:db8:ffff::1'] ?? ''));
    const ENETUNREACH = 101;
    assert.ok(refused !== undefined && refusal(refused) === ENETUNREACH);
  });

  it('names the length of an IPv6 route whose prefix is on the link, and of no other', () => {
    const lengths = asked.map(({ answer }) => messages([answer]).map(onLinkLengthOf)[0]);
    // As iproute2 has it: first the prefix, then the link.
    const expected = asked.map(({ ip }) => /^[0-9a-f:]+\/(\d+) dev/.exec(ip)?.[1]);
    assert.deepEqual(
      lengths,
      expected.map((length) => (length === undefined ? undefined : Number(length))),
    );
    assert.deepEqual(new Set(lengths), new Set([64, 56, undefined]));
  });

  it('has an end, and says whether it was interrupted', () => {
    const read = messages(recording.links);
    assert.deepEqual(read.map(isLast).lastIndexOf(true), read.length - 1);
    assert.equal(read.filter(isLast).length, 1);
    assert.ok(!read.some(wasInterrupted));
    const header = [20, 0, 0, 0, 16, 0, 0x12, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert.ok(parseMessages(Uint8Array.from(header)).every(wasInterrupted));
  });

  it('may be cut or garbled anywhere, and is read without an error', () => {
    const garbled = fc
      .tuple(fc.constantFrom(...everything), fc.nat(), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))))
      .map(([hex, cut, changes]) => {
        const datagram = bytes(hex);
        for (const [at, octet] of changes) datagram[at % datagram.byteLength] = octet;
        return datagram.subarray(0, cut % (datagram.byteLength + 1));
      });
    fc.assert(
      fc.property(garbled, (datagram) => {
        for (const message of parseMessages(datagram)) {
          for (const read of [linkOf, addressOf, neighbourOf, routeOf, onLinkLengthOf, refusal, isLast]) read(message);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is asked of the kernel', () => {
  // As Python's struct module packs it: '<IHHII' and the body.
  it('is a list of links without their statistics', () => {
    const expected = `2800000012000103${'07000000'}00000000${'00'.repeat(16)}08001d0008000000`;
    assert.equal(Buffer.from(linksRequest(7)).toString('hex'), expected);
  });

  it('is a list of addresses of every family', () => {
    const expected = `1800000016000103${'07000000'}00000000${'00'.repeat(8)}`;
    assert.equal(Buffer.from(addressesRequest(7)).toString('hex'), expected);
  });

  it('is the neighbours of every family', () => {
    const expected = `1c0000001e000103${'07000000'}00000000${'00'.repeat(12)}`;
    assert.equal(Buffer.from(neighboursRequest(7)).toString('hex'), expected);
  });

  it('is the route to one address', () => {
    const ipv4 = `240000001a000100${'09000000'}00000000${'0220'}${'00'.repeat(10)}08000100c6336407`;
    assert.equal(Buffer.from(routeRequest(9, '198.51.100.7')).toString('hex'), ipv4);
    const destination = `20010db8${'00'.repeat(11)}09`;
    const ipv6 = `300000001a000100${'09000000'}00000000${'0a80'}${'00'.repeat(10)}14000100${destination}`;
    assert.equal(Buffer.from(routeRequest(9, '2001:db8::9')).toString('hex'), ipv6);
  });

  it('is the route itself by which an IPv6 address is reached on a link', () => {
    const destination = `20010db8${'00'.repeat(11)}09`;
    const header = `380000001a000100${'09000000'}00000000${'0a80'}${'00'.repeat(6)}00200000`;
    const expected = `${header}14000100${destination}0800040003000000`;
    assert.equal(Buffer.from(matchRequest(9, bytes(destination), 3)).toString('hex'), expected);
  });
});
