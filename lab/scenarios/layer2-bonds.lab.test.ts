/**
 * Layer 2 on a bond, a VLAN and a bridge on a VLAN, in a kernel that has these (Debian's in user mode; the kernel of the machine may have
 * none of them): real links, real frames, and on the other end a kernel that asks.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { BondLab } from './layer2/bond-lab.ts';

const macs = { bond0: '02:00:0a:01:00:01', 'bond0.20': '02:00:0a:02:00:01', br30: '02:00:0a:03:00:01' } as const;

interface Place {
  readonly link: keyof typeof macs;
  /** Where the switch asks. */
  readonly from: string;
}

/** Addresses of both families, and on which link their subnet is. */
const places: Readonly<Record<string, Place>> = {
  '10.1.0.100': { link: 'bond0', from: 'lan' },
  'fd01::100': { link: 'bond0', from: 'lan' },
  '10.2.0.100': { link: 'bond0.20', from: 'lan.20' },
  'fd02::100': { link: 'bond0.20', from: 'lan.20' },
  '10.3.0.100': { link: 'br30', from: 'lan.30' },
  'fd03::100': { link: 'br30', from: 'lan.30' },
};

suite('bonds and VLANs', () => {
  let lab: BondLab;

  before(async () => {
    lab = await BondLab.up();
  });
  after(() => lab.down());

  /** Asks for all of them, each where it belongs. */
  async function assertAllAnswered(): Promise<void> {
    const asked = Object.entries(places).map(async ([ip, { from }]) => [ip, await lab.find(from, ip)] as const);
    const wanted = Object.fromEntries(Object.entries(places).map(([ip, { link }]) => [ip, macs[link]]));
    assert.deepEqual(Object.fromEntries(await Promise.all(asked)), wanted);
  }

  test('a bond, its VLANs and a bridge on a VLAN are links; cards in a bond and ports of a bridge are none any more', async () => {
    await lab.node(
      'address add 10.8.0.1/24 dev eth0',
      'address add 10.9.0.1/24 dev eth1',
      'link set eth0 up',
      'link set eth1 up',
    );
    // Each with its link-local address.
    await lab.linksAre({ eth0: 2, eth1: 2 });
    await lab.node(
      'link set eth0 down',
      'link set eth1 down',
      `link add bond0 address ${macs.bond0} type bond mode active-backup miimon 50`,
      'link set eth0 master bond0',
      'link set eth1 master bond0',
      'link set bond0 up',
      'address add 10.1.0.1/24 dev bond0',
      'address add fd01::1/64 dev bond0 nodad',
      `link add link bond0 name bond0.20 address ${macs['bond0.20']} type vlan id 20`,
      'link set bond0.20 up',
      'address add 10.2.0.1/24 dev bond0.20',
      'address add fd02::1/64 dev bond0.20 nodad',
      'link add link bond0 name bond0.30 type vlan id 30',
      'address add 10.7.0.1/24 dev bond0.30',
      `link add br30 address ${macs.br30} type bridge forward_delay 0`,
      'link set bond0.30 master br30 up',
      'link set br30 up',
      'address add 10.3.0.1/24 dev br30',
      'address add fd03::1/64 dev br30 nodad',
      // Lost when they came into the bond; what somebody has left there makes no link of them.
      'address replace 10.8.0.1/24 dev eth0',
      'address replace 10.9.0.1/24 dev eth1',
    );
    await lab.linksAre({ bond0: 3, 'bond0.20': 3, br30: 3 });
    const found = Object.fromEntries((await lab.links()).map(({ name, mac }) => [name, mac]));
    assert.deepEqual(found, macs, 'none but these, up or not');
  });

  test('each address is answered for on the link of its subnet, with the MAC of that link', async () => {
    await lab.answerFor(Object.fromEntries(Object.entries(places).map(([ip, { link }]) => [ip, link])));
    await assertAllAnswered();
  });

  test('an address of a VLAN is answered for in that VLAN only', async () => {
    const elsewhere = { '10.2.0.100': 'lan', 'fd03::100': 'lan', '10.1.0.100': 'lan.20', 'fd02::100': 'lan.30' };
    const asked = Object.entries(elsewhere).map(async ([ip, from]) => [ip, await lab.ask(from, ip)] as const);
    assert.deepEqual(
      await Promise.all(asked),
      Object.keys(elsewhere).map((ip) => [ip, undefined]),
    );
    await assertAllAnswered();
  });

  test('the bond fails over and back, on a switch with MLD snooping: the same MACs answer through the other card', async () => {
    const first = await lab.activeCard();
    await lab.snoop('ff02::1:ff00:100');
    await assertAllAnswered();
    assert.notEqual(await lab.failOver(), first);
    await assertAllAnswered();
    assert.equal(await lab.failOver(), first);
    await assertAllAnswered();
  });

  test('a VLAN that is taken away and made anew is answered on again', async () => {
    await lab.node('link del bond0.20');
    await lab.linksAre({ bond0: 3, br30: 3 });
    assert.equal(await lab.ask('lan.20', '10.2.0.100'), undefined);
    await lab.node(
      `link add link bond0 name bond0.20 address ${macs['bond0.20']} type vlan id 20`,
      'link set bond0.20 up',
      'address add 10.2.0.1/24 dev bond0.20',
      'address add fd02::1/64 dev bond0.20 nodad',
    );
    await assertAllAnswered();
  });
});
