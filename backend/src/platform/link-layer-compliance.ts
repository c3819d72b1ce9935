import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Link, LinkLayer, LinkSocket } from './ports.ts';

/**
 * A host with two cables that both end in it: what is sent on `near` arrives at `far`, what is sent on `other` at
 * `otherFar`. All are up; `near` has 192.0.2.1/24 and `far` 198.51.100.1/24, the others 203.0.113.1/25 and 203.0.113.129/25.
 */
export interface LinkLayerHarness {
  readonly layer: LinkLayer;
  setUp(name: LinkName, up: boolean): void;
  setMac(name: LinkName, mac: Uint8Array): void;
  addPrefix(name: LinkName, prefix: string): void;
  removePrefix(name: LinkName, prefix: string): void;
  /** Enters somebody into the neighbour table of a link, as after packets to them. */
  meet(name: LinkName, address: string, mac: Uint8Array): void;
  /** Puts a link into the host, up and with 203.0.114.1/24, that looks like the CNI's; returns its name. */
  addForeign(): string;
  /** The link at its other end may go as well, as with veth. */
  remove(name: LinkName): void;
  /** Waits until it holds; rejects if it doesn't become so within some seconds. */
  until(condition: () => boolean): Promise<void>;
}

export const linkNames = ['near', 'far', 'other', 'otherFar'] as const;
export type LinkName = (typeof linkNames)[number];

export const linkPrefixes: Readonly<Record<LinkName, string>> = {
  near: '192.0.2.1/24',
  far: '198.51.100.1/24',
  other: '203.0.113.1/25',
  otherFar: '203.0.113.129/25',
};

type MakeHarness = (t: TestContext) => Promise<LinkLayerHarness>;

interface Opened extends LinkSocket {
  readonly link: Link;
  /** The frames that came, whole, in hexadecimal. */
  readonly got: string[];
  readonly gone: Error[];
  readonly lost: Error[];
}

const broadcast = Uint8Array.of(255, 255, 255, 255, 255, 255);
const nobody = Uint8Array.of(2, 0, 0, 0, 0, 99);
const groupMac = Uint8Array.of(0x33, 0x33, 0xff, 0, 0x12, 0x34);
/** `ff02::1:ff00:1234` and `ff05::ff00:1234`: frames to both have the same destination. */
const group = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0x12, 0x34);
const sameMac = Uint8Array.of(0xff, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0x12, 0x34);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

function linkOf({ layer }: LinkLayerHarness, name: LinkName): Link {
  const link = layer.links().find((each) => each.name.endsWith(`-${name}`));
  assert.ok(link !== undefined, `there is a link ${name}`);
  return link;
}

/** Opens, and closes after the test whatever becomes of it. */
function open(t: TestContext, harness: LinkLayerHarness, name: LinkName): Opened {
  const link = linkOf(harness, name);
  const [got, gone, lost]: [string[], Error[], Error[]] = [[], [], []];
  const socket = harness.layer.open(link.index, {
    onFrame: (frame) => got.push(hex(frame)),
    onGone: (reason) => gone.push(reason),
    onLost: (reason) => lost.push(reason),
  });
  t.after(() => socket.close());
  return {
    ...{ link, got, gone, lost },
    send: (frame) => socket.send(frame),
    join: (address) => socket.join(address),
    leave: (address) => socket.leave(address),
    takeOverflow: () => socket.takeOverflow(),
    close: () => socket.close(),
  };
}

interface Ends {
  readonly to: Uint8Array;
  readonly from: Uint8Array;
}

/** Who has 192.0.2.`host`? A net that no kernel in these tests answers for but as 192.0.2.1. */
function arp({ to, from }: Ends, host: number, operation = 1): Uint8Array {
  const addresses = `${hex(from)}c00002c8000000000000c00002${hex(Uint8Array.of(host))}`;
  const padding = '00'.repeat(18);
  return bytes(`${hex(to)}${hex(from)}0806000108000604000${operation}${addresses}${padding}`);
}

/** An ICMPv6 message about fe80::`host`; nobody here looks at its checksum. */
function icmp6({ to, from }: Ends, host: number, type: number): Uint8Array {
  const source = `fe80${'00'.repeat(13)}c8`;
  const target = `fe80${'00'.repeat(13)}${hex(Uint8Array.of(host))}`;
  const header = `6000000000183aff${source}${target}`;
  return bytes(`${hex(to)}${hex(from)}86dd${header}${hex(Uint8Array.of(type))}000000${'00'.repeat(4)}${target}`);
}

/** The same frame as it is sent within VLAN 5. */
function tagged(frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 5, ...frame.subarray(12));
}

/** What every LinkLayer must do; `makeHarness` is called once per test. */
export function linkLayerCompliance(name: string, makeHarness: MakeHarness): void {
  linksCompliance(name, makeHarness);
  framesCompliance(name, makeHarness);
  socketsCompliance(name, makeHarness);
}

function linksCompliance(name: string, makeHarness: MakeHarness): void {
  test(`${name}: lists links by index, with their names, MAC addresses, prefixes and state`, async (t) => {
    const harness = await makeHarness(t);
    const links = harness.layer.links();
    assert.deepEqual(
      links.map(({ index }) => index),
      links.map(({ index }) => index).sort((a, b) => a - b),
    );
    for (const each of linkNames) {
      const link = linkOf(harness, each);
      assert.ok(link.prefixes.includes(linkPrefixes[each]), each);
      assert.equal(link.mac.byteLength, 6);
      assert.equal(link.up, true);
    }
    assert.equal(new Set(links.map(({ mac }) => hex(mac))).size, links.length);
  });

  test(`${name}: a link that looks like the CNI's is left alone, and there for as long as somebody names it`, async (t) => {
    const { layer, addForeign, until } = await makeHarness(t);
    let changes = 0;
    layer.watch(() => changes++);
    const foreign = addForeign();
    const found = (): Link | undefined => layer.links().find((link) => link.name === foreign);
    layer.setNamed(new Set(['eth99', foreign]));
    await until(() => found()?.prefixes.includes('203.0.114.1/24') === true && changes > 0);
    assert.equal(found()?.isLeftAlone, true);
    assert.equal(layer.linkTowards('203.0.114.7'), undefined);
    assert.ok(layer.links().every(({ name: of, isLeftAlone }) => of === foreign || isLeftAlone === undefined));
    layer.open(found()?.index ?? 0, { onFrame: () => undefined, onGone: () => undefined }).close();
    changes = 0;
    layer.setNamed(new Set(['eth99']));
    assert.equal(found(), undefined);
    await until(() => changes > 0);
    layer.setNamed(new Set([foreign]));
    assert.equal(found()?.isLeftAlone, true);
  });

  test(`${name}: names the link towards an address`, async (t) => {
    const harness = await makeHarness(t);
    const towards = (address: string): number | undefined => harness.layer.linkTowards(address)?.index;
    assert.equal(towards('192.0.2.77'), linkOf(harness, 'near').index);
    assert.equal(towards('203.0.113.77'), linkOf(harness, 'other').index);
    assert.equal(towards('203.0.113.177'), linkOf(harness, 'otherFar').index);
    for (const address of ['192.0.2.1', '10.99.0.1', '2001:db8:99::1', 'no address', '']) {
      assert.equal(towards(address), undefined, address);
    }
  });

  test(`${name}: says whom it has met on which link`, async (t) => {
    const harness = await makeHarness(t);
    const macs = [Uint8Array.of(2, 0, 0, 0, 9, 1), Uint8Array.of(2, 0, 0, 0, 9, 2)] as const;
    harness.meet('near', '192.0.2.77', macs[0]);
    harness.meet('other', '203.0.113.77', macs[1]);
    const asked = [harness.layer.neighbours(), harness.layer.neighbours()];
    for (const answer of await Promise.all(asked)) {
      const met = answer.filter(({ mac }) => macs.some((each) => hex(each) === hex(mac)));
      assert.deepEqual(
        met.sort((a, b) => a.link - b.link),
        [
          { address: '192.0.2.77', mac: macs[0], link: linkOf(harness, 'near').index },
          { address: '203.0.113.77', mac: macs[1], link: linkOf(harness, 'other').index },
        ],
      );
    }
  });

  test(`${name}: a watcher is told of addresses that come and go, until it ends`, async (t) => {
    const harness = await makeHarness(t);
    const seen: boolean[] = [];
    const has = (): boolean => linkOf(harness, 'near').prefixes.includes('192.0.2.50/24');
    const end = harness.layer.watch(() => seen.push(has()));
    t.after(end);
    harness.addPrefix('near', '192.0.2.50/24');
    await harness.until(() => seen.at(-1) === true);
    harness.removePrefix('near', '192.0.2.50/24');
    await harness.until(() => seen.at(-1) === false);
    end();
    end();
    const before = seen.length;
    harness.addPrefix('near', '192.0.2.50/24');
    await harness.until(has);
    // Whoever watches is told in turn: had the first one still watched, it would have been told by now.
    let told = false;
    t.after(harness.layer.watch(() => (told = true)));
    harness.removePrefix('near', '192.0.2.50/24');
    await harness.until(() => told);
    assert.equal(seen.length, before);
  });

  test(`${name}: a link that is down is listed as such, loses frames, and goes on when it is up`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far] = [open(t, harness, 'near'), open(t, harness, 'far')];
    let changes = 0;
    t.after(harness.layer.watch(() => changes++));
    harness.setUp('near', false);
    await harness.until(() => changes > 0 && !linkOf(harness, 'near').up);
    near.send(arp({ to: broadcast, from: near.link.mac }, 10));
    assert.equal(near.lost.length, 1);
    harness.setUp('near', true);
    await harness.until(() => linkOf(harness, 'near').up);
    const frame = arp({ to: broadcast, from: near.link.mac }, 11);
    const back = arp({ to: broadcast, from: far.link.mac }, 12);
    await harness.until(() => {
      near.send(frame);
      far.send(back);
      return far.got.includes(hex(frame)) && near.got.includes(hex(back));
    });
    assert.deepEqual([...near.gone, ...far.gone], []);
  });

  test(`${name}: a new MAC address is seen by watchers, and frames to it come; those to the old one don't`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far] = [open(t, harness, 'near'), open(t, harness, 'far')];
    const mac = Uint8Array.of(2, 0, 0, 0, 7, 7);
    let changes = 0;
    t.after(harness.layer.watch(() => changes++));
    harness.setMac('near', mac);
    await harness.until(() => changes > 0 && hex(linkOf(harness, 'near').mac) === hex(mac));
    far.send(arp({ to: near.link.mac, from: far.link.mac }, 10));
    const frame = arp({ to: mac, from: far.link.mac }, 11);
    far.send(frame);
    await harness.until(() => near.got.length > 0);
    assert.deepEqual(near.got, [hex(frame)]);
  });
}

function framesCompliance(name: string, makeHarness: MakeHarness): void {
  test(`${name}: frames arrive whole at the other end, later, and never at the sender or on another link`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far, other] = [open(t, harness, 'near'), open(t, harness, 'far'), open(t, harness, 'other')];
    const request = arp({ to: broadcast, from: near.link.mac }, 10);
    const reply = arp({ to: near.link.mac, from: far.link.mac }, 11, 2);
    near.send(request);
    far.send(reply);
    assert.deepEqual([...near.got, ...far.got], []);
    await harness.until(() => near.got.length > 0 && far.got.length > 0);
    assert.deepEqual(far.got, [hex(request)]);
    assert.deepEqual(near.got, [hex(reply)]);
    assert.deepEqual([...other.got, ...near.lost], []);
  });

  test(`${name}: neighbour solicitations and advertisements arrive`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far] = [open(t, harness, 'near'), open(t, harness, 'far')];
    const ends = { to: far.link.mac, from: near.link.mac };
    const [solicitation, advertisement] = [icmp6(ends, 10, 135), icmp6(ends, 11, 136)];
    near.send(solicitation);
    near.send(advertisement);
    await harness.until(() => far.got.length > 1);
    assert.deepEqual(far.got, [hex(solicitation), hex(advertisement)]);
  });

  test(`${name}: nothing else arrives: other protocols, other VLANs, frames to others`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far] = [open(t, harness, 'near'), open(t, harness, 'far')];
    const ends = { to: far.link.mac, from: near.link.mac };
    const ipv4 = arp(ends, 10).with(13, 0);
    near.send(ipv4);
    near.send(arp(ends, 10, 8));
    near.send(tagged(arp(ends, 10)));
    near.send(arp({ ...ends, to: nobody }, 10));
    near.send(icmp6(ends, 10, 129));
    near.send(tagged(icmp6(ends, 10, 135)));
    near.send(icmp6({ ...ends, to: nobody }, 10, 136));
    near.send(ends.to.slice());
    const last = [arp(ends, 11), icmp6(ends, 11, 135)];
    for (const frame of last) near.send(frame);
    await harness.until(() => last.every((frame) => far.got.includes(hex(frame))));
    assert.deepEqual([...far.got].sort(), last.map(hex).sort());
  });

  test(`${name}: frames to a group come while somebody is in it; joins are counted`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far] = [open(t, harness, 'near'), open(t, harness, 'far')];
    const toGroup = (host: number): Uint8Array => icmp6({ to: groupMac, from: near.link.mac }, host, 135);
    /** Which of them came; the mark comes after them. */
    const arrived = async (host: number): Promise<boolean> => {
      near.send(toGroup(host));
      const mark = hex(icmp6({ to: far.link.mac, from: near.link.mac }, host, 136));
      near.send(bytes(mark));
      await harness.until(() => far.got.includes(mark));
      return far.got.includes(hex(toGroup(host)));
    };
    assert.equal(await arrived(10), false);
    far.join(group);
    far.join(group);
    assert.equal(await arrived(11), true);
    far.leave(group);
    assert.equal(await arrived(12), true);
    far.leave(group);
    assert.equal(await arrived(13), false);
    // One leave too many takes nothing from those who join later.
    far.leave(group);
    far.join(group);
    assert.equal(await arrived(14), true);
    far.join(sameMac);
    far.leave(group);
    assert.equal(await arrived(15), true);
    far.leave(sameMac);
    assert.equal(await arrived(16), false);
  });

  test(`${name}: many frames at once arrive in their order`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far] = [open(t, harness, 'near'), open(t, harness, 'far')];
    const frames = Array.from({ length: 150 }, (_, host) => arp({ to: broadcast, from: near.link.mac }, host + 10));
    for (const frame of frames) near.send(frame);
    await harness.until(() => far.got.length >= frames.length);
    assert.deepEqual(far.got, frames.map(hex));
  });
}

function socketsCompliance(name: string, makeHarness: MakeHarness): void {
  test(`${name}: two sockets on one link both hear, and one that is closed is deaf and mute`, async (t) => {
    const harness = await makeHarness(t);
    const [near, far, second] = [open(t, harness, 'near'), open(t, harness, 'far'), open(t, harness, 'far')];
    const frame = (host: number): Uint8Array => arp({ to: broadcast, from: near.link.mac }, host);
    near.send(frame(10));
    await harness.until(() => far.got.length > 0 && second.got.length > 0);
    second.close();
    second.close();
    second.join(group);
    second.leave(group);
    second.send(arp({ to: broadcast, from: far.link.mac }, 20));
    far.send(arp({ to: broadcast, from: far.link.mac }, 21));
    near.send(frame(11));
    await harness.until(() => far.got.length > 1 && near.got.length > 0);
    assert.deepEqual(near.got, [hex(arp({ to: broadcast, from: far.link.mac }, 21))]);
    assert.deepEqual([second.got.length, ...second.gone], [1]);
  });

  test(`${name}: a socket may be closed by what it has heard`, async (t) => {
    const harness = await makeHarness(t);
    const near = open(t, harness, 'near');
    const far = linkOf(harness, 'far');
    let heard = 0;
    const socket = harness.layer.open(far.index, {
      onFrame: () => {
        heard++;
        socket.close();
      },
      onGone: (reason) => assert.fail(reason),
    });
    const witness = open(t, harness, 'far');
    for (const host of [10, 11, 12]) near.send(arp({ to: broadcast, from: near.link.mac }, host));
    await harness.until(() => witness.got.length === 3);
    assert.equal(heard, 1);
  });

  test(`${name}: a link that is removed takes its sockets along, once, and leaves the others`, async (t) => {
    const harness = await makeHarness(t);
    const [near, other, otherFar] = [open(t, harness, 'near'), open(t, harness, 'other'), open(t, harness, 'otherFar')];
    near.join(group);
    let changes = 0;
    t.after(harness.layer.watch(() => changes++));
    harness.remove('near');
    await harness.until(
      () =>
        changes > 0 && near.gone.length > 0 && !harness.layer.links().some(({ index }) => index === near.link.index),
    );
    near.send(arp({ to: broadcast, from: near.link.mac }, 10));
    near.leave(group);
    near.close();
    const frame = arp({ to: broadcast, from: other.link.mac }, 11);
    other.send(frame);
    await harness.until(() => otherFar.got.length > 0);
    assert.deepEqual(otherFar.got, [hex(frame)]);
    assert.deepEqual([near.gone.length, near.got.length, ...other.gone], [1, 0]);
    const refused = new RegExp(`link ${near.link.index}\\b`);
    assert.throws(
      () => harness.layer.open(near.link.index, { onFrame: () => undefined, onGone: () => undefined }),
      refused,
    );
  });
}
