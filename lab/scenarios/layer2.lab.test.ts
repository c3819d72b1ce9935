/** Layer 2 on a LAN of real Linux hosts: who answers for an address, and what users and the wire see when that changes. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Flood } from '../lan/asker.ts';
import { answersFor, ownersOverlap, owners } from '../lan/claims.ts';
import type { WhoamiAnswer } from '../images/images.ts';
import { ipv6Part, on, slice } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import type { Client } from '../network/client.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { fromLan, fromLanWith, LinkLab, pairOf, told, type Move, type User } from './layer2/link-lab.ts';
import { Metrics } from './manager/metrics.ts';

const all = ['n1', 'n2', 'n3'];
/** What is planned is over when the action is, but for what follows from the news of it. */
const planned = { afterMs: 1_500 };

async function answeringNode(client: Client, ip: string): Promise<string> {
  return (JSON.parse((await client.get(ip)).body) as WhoamiAnswer).node;
}

suite('a Service on the LAN, with a replica on every node', () => {
  let lab: LinkLab;
  /** One of each family; they go from one node to another together. */
  let ips: string[];
  let ip: string;

  before(async () => {
    lab = await LinkLab.up(all);
    ips = await lab.serve('web', fromLanWith(pairOf(all)));
    [ip = ''] = ips;
  });
  after(() => lab.down());

  function othersThan(name: string): string[] {
    return all.filter((other) => other !== name);
  }

  /** A replica that was stopped or killed, back and in its place. */
  async function startAgain(name: string): Promise<void> {
    await lab.manager.replicas.start(name);
    await inPlace();
  }

  /** Waits until all replicas run and each address is where it belongs then. */
  async function inPlace(): Promise<void> {
    await lab.manager.sessions(...all);
    for (const each of ips) await lab.ownedBy(each, home.get(each) ?? '');
  }

  /** Of both addresses there was one owner at any time, and nobody asked in vain twice in a row. */
  function assertHandedOver(move: Move, changes = 1): void {
    for (const each of ips) {
      lab.assertOneOwner(move.records, each, { changes });
      lab.assertAnsweredThroughout(move, each);
    }
  }

  /** The last of the times since `from` when replicas on both sides logged this of all those on the other one; undefined until they have. */
  async function bothSidesSaid(what: string, from: number, owner: string): Promise<number | undefined> {
    const times = async (name: string): Promise<number[]> => {
      const lines = (await lab.manager.replicas.log(name)).split('\n').filter((line) => line.includes(`"${what}"`));
      return lines.map((line) => Date.parse((JSON.parse(line) as { ts: string }).ts)).filter((at) => at >= from);
    };
    const theirs = await Promise.all(othersThan(owner).map(times));
    const own = await times(owner);
    const isSaid = own.length >= theirs.length && theirs.every(({ length }) => length > 0);
    return isSaid ? Math.max(...own, ...theirs.flat()) : undefined;
  }

  /** By address: who owns it while all replicas run. */
  const home = new Map<string, string>();

  test('hosts of the segment and clients behind the router reach it, over IPv4 and IPv6', async () => {
    assert.equal(ips.length, 2);
    for (const each of ips) {
      const owner = await lab.owner(each);
      home.set(each, owner);
      assert.equal(await answeringNode(lab.host, each), owner);
      assert.equal(await answeringNode(lab.manager.lab.client('c1'), each), owner);
      await lab.router.neighbours.waitFor(each, lab.node(owner).mac);
    }
  });

  test('one node answers for each of twelve addresses, and the nodes share them', async () => {
    const sniffer = await lab.manager.lab.sniff();
    const names = Array.from({ length: 12 }, (_, i) => `one-${i}`);
    const addresses = (await Promise.all(names.map((name) => lab.serve(name)))).flat();
    const found = await Promise.all(addresses.map((address) => lab.owner(address)));
    const records = await sniffer.stop();
    for (const address of addresses) {
      lab.assertOneOwner(records, address);
      assert.equal(new Set(owners(records, address)).size, 1, lab.reignsTold(records, address));
    }
    assert.deepEqual([...new Set(found)].sort(), all);
    await Promise.all(names.map((name) => lab.manager.deleteService(name)));
  });

  test('each replica tells Prometheus what it does, by names that promtool has nothing against', async () => {
    const scrape = async (name: string): Promise<Metrics> => await Metrics.of(lab.manager, name);
    const answers = 'porterlb_layer2_answers_total{';
    const owner = await lab.owner(ip);
    const before = (await scrape(owner)).sum(answers);
    await lab.owner(ip);
    await until(async () => (await scrape(owner)).sum(answers) > before, {
      what: `${owner} to have counted an answer`,
    });
    const replicas = await Promise.all(all.map(scrape));
    const total = (start: string): number => replicas.reduce((sum, replica) => sum + replica.sum(start), 0);
    assert.equal(total('porterlb_leader '), 1);
    assert.ok(total('porterlb_pool_used_addresses{pool="lan",family="ipv6"}') >= 1);
    assert.ok(total('porterlb_service_announcement_seconds_count') >= 1);
    for (const [i, replica] of replicas.entries()) {
      for (const metric of ['ready', 'engine_responding']) assert.equal(replica.sum(`porterlb_${metric} `), 1, all[i]);
      assert.deepEqual(replica.series('porterlb_bgp_session_up'), ['porterlb_bgp_session_up{peer="r1"} 1']);
      const others = all.filter((name) => name !== all[i]);
      assert.deepEqual(
        replica.series('porterlb_replica_answering').sort(),
        others.map((name) => `porterlb_replica_answering{replica="${podOn(name)}"} 1`),
      );
    }
    for (const kind of ['requests', 'announcements']) {
      for (const protocol of ['arp', 'ndp']) {
        const matching = new RegExp(`^porterlb_layer2_${kind}_total\\{.*protocol="${protocol}"\\} [1-9]`, 'm');
        assert.ok(
          replicas.some(({ text }) => matching.test(text)),
          `${kind} by ${protocol}`,
        );
      }
    }
    await ensurePrograms(['promtool'], progressToStderr);
    for (const { text } of replicas) await run('promtool', ['check', 'metrics'], { stdin: text });
  });

  test('a replica that leaves hands over, with one owner at any time, and nobody asks in vain', async () => {
    const owner = await lab.owner(ip);
    const move = await lab.during(ip, async () => lab.manager.replicas.stop(owner), { asked: ips, ...planned });
    told('a replica leaves', move);
    assert.notEqual(await lab.owner(ip), owner);
    assertHandedOver(move);
    for (const each of ips) lab.assertSilentOnceRelieved(move.records, each);
    await startAgain(owner);
  });

  test('a replica leaves as soon as it answers for a new Service: it hands that over as well, and nobody asks in vain', async () => {
    const fresh = await lab.serve('fresh');
    const [first = ''] = fresh;
    const owner = await lab.owner(first);
    const move = await lab.during(first, async () => lab.manager.replicas.stop(owner), { asked: fresh, ...planned });
    told('a replica leaves soon', move);
    assert.notEqual(await lab.owner(first), owner);
    for (const each of fresh) {
      lab.assertOneOwner(move.records, each);
      lab.assertAnsweredThroughout(move, each);
    }
    await lab.manager.deleteService('fresh');
    await startAgain(owner);
  });

  test('a replica is killed on a healthy node: its node takes the traffic until another one has taken over', async () => {
    const owner = await lab.owner(ip);
    const move = await lab.during(ip, async () => lab.manager.replicas.stop(owner, 'SIGKILL'), { asked: ips });
    told('a replica is killed', move);
    assert.notEqual(await lab.owner(ip), owner);
    for (const each of ips) {
      lab.assertOneOwner(move.records, each);
      assert.equal(ownersOverlap(move.records, each), 0, lab.reignsTold(move.records, each));
    }
  });

  test('it comes back: the address comes back to it, with one owner at any time, and nobody asks in vain', async () => {
    const lost = home.get(ip) ?? '';
    const move = await lab.during(ip, async () => startAgain(lost), { asked: ips, ...planned });
    told('it comes back', move);
    assert.equal(await lab.owner(ip), lost);
    assertHandedOver(move);
  });

  test('the owner loses power: others answer, over IPv4 and IPv6, the neighbours know at once, and all reach it again', async () => {
    const owner = await lab.owner(ip);
    for (const each of ips) {
      assert.equal(await lab.owner(each), owner);
      await lab.router.neighbours.ask(each);
    }
    const clients = [lab.host, lab.manager.lab.client('c1')];
    const users: User[] = ips.flatMap((each) => clients.map((client) => ({ client, ip: each })));
    const move = await lab.during(ip, async () => lab.node(owner).powerOff(), { asked: ips, users });
    told('the owner loses power', move);
    const heir = await lab.owner(ip);
    assert.ok(othersThan(owner).includes(heir));
    for (const each of ips) {
      await lab.router.neighbours.waitFor(each, lab.node(heir).mac);
      lab.assertOneOwner(move.records, each);
    }
    assert.ok(move.gap !== undefined && Number.isFinite(move.gap.ms), 'all of them reach it again');
  });

  test('its power comes back: so does the address, and nobody asks in vain', async () => {
    const lost = home.get(ip) ?? '';
    const back = async (): Promise<void> => {
      await lab.node(lost).powerOn();
      await startAgain(lost);
    };
    const move = await lab.during(ip, back, { asked: ips, ...planned });
    told('power comes back', move);
    assertHandedOver(move);
  });

  test('a flood of ARP requests for addresses that nobody has: whoever asks for the Service’s is answered', async () => {
    const flood = new Flood(lab.host);
    // 20,000 in a second, or as fast as a machine can that is busy with other things.
    const nobodys = Array.from({ length: 64 }, (_, i) => `10.50.0.${64 + i}`);
    const move = await lab
      .during(
        ip,
        async () => {
          for (let requests = 0; requests < 20_000;) {
            const { sent, lost } = await flood.run({ ips: nobodys, perSecond: 20_000, seconds: 1 });
            requests += sent - lost;
          }
        },
        { asked: ips, afterMs: 0 },
      )
      .finally(() => flood.close());
    told('a flood', move);
    for (const each of ips) {
      lab.assertAnsweredInFlood(move, each);
      assert.equal(new Set(owners(move.records, each)).size, 1, lab.reignsTold(move.records, each));
    }
  });

  test('a node that is about to be deleted: the address moves before that, and nobody asks in vain', async () => {
    const owner = await lab.owner(ip);
    const taint = { key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' };
    const drain = (): Promise<void> => lab.manager.patchNode(owner, { spec: { taints: [taint] } });
    const move = await lab.during(ip, drain, { asked: ips, ...planned });
    told('a node is drained', move);
    assert.notEqual(await lab.owner(ip), owner);
    assertHandedOver(move);
    for (const each of ips) lab.assertSilentOnceRelieved(move.records, each);
    await lab.manager.patchNode(owner, { spec: { taints: null } });
    await lab.ownedBy(ip, owner);
  });

  test('a partition between the nodes: both sides answer; when they hear each other again, one does within a second', async () => {
    const owner = await lab.owner(ip);
    const cutting = Date.now();
    await lab.manager.lab.partition([owner], othersThan(owner));
    const cutOff = (): Promise<number | undefined> => bothSidesSaid('replica fell silent', cutting, owner);
    await until(cutOff, { what: 'both sides to miss each other' });
    const bothAnswer = async (): Promise<boolean> => {
      const before = await lab.manager.lab.sniff();
      for (const each of ips) await lab.host.neighbours.ask(each);
      const records = await before.stop();
      const macs = ips.map((each) => answersFor(records, each).flatMap(({ answers }) => answers.map(({ mac }) => mac)));
      return macs.every((found) => new Set(found).size === 2 && found.includes(lab.node(owner).mac));
    };
    await until(bothAnswer, { what: 'both sides to answer' });
    const sniffer = await lab.manager.lab.sniff();
    const healing = Date.now();
    await lab.manager.lab.heal();
    let settledAt = Infinity;
    const settled = async (): Promise<boolean> => {
      await Promise.all(ips.map((each) => lab.host.neighbours.ask(each)));
      settledAt = ((await bothSidesSaid('replica answers', healing, owner)) ?? Infinity) + 1_000;
      return Date.now() > settledAt + 2_000;
    };
    await until(settled, { what: 'both sides to hear each other for three seconds', intervalMs: 100 });
    const records = await sniffer.stop();
    const late = records.filter(({ at, kind }) => at > settledAt && kind !== 'arp-request');
    for (const each of ips) {
      const seen = `${lab.reignsTold(records, each)}\nto be one from ${new Date(settledAt).toISOString()} on`;
      assert.deepEqual([...new Set(owners(late, each))], [lab.node(owner).mac], seen);
    }
  });

  test('a replica is added: its node gets the addresses that it comes first for, with one owner at any time', async () => {
    const first = home.get(ip) ?? '';
    await lab.manager.replicas.remove(first);
    await until(async () => (await lab.owner(ip)) !== first, { what: `another one than ${first} to answer` });
    const added = async (): Promise<void> => {
      await lab.manager.replicas.add(first);
      await inPlace();
    };
    const move = await lab.during(ip, added, { asked: ips, ...planned });
    told('a replica is added', move);
    assertHandedOver(move);
  });

  /**
   * Replaces all replicas by others, one after the other, under traffic, as a DaemonSet does that has a new template: each is a member no
   * more, and another one is. Both addresses go away from their owner once, and come back.
   */
  async function update(what: string): Promise<void> {
    const oneByOne = async (): Promise<void> => {
      for (const name of all) {
        await lab.manager.replicas.remove(name);
        await lab.manager.replicas.add(name);
        await inPlace();
      }
    };
    const move = await lab.during(ip, oneByOne, { asked: ips, ...planned });
    told(what, move);
    assertHandedOver(move, 2);
  }

  test('an update of all replicas, one after the other: one owner at any time, and nobody asks in vain', async () => {
    await update('a rolling update');
  });

  test('an update from replicas that tell each other neither news nor that a place is left out: the same', async () => {
    await Promise.all(all.map((name) => lab.manager.replicas.stop(name)));
    await lab.manager.replicas.startOlder(...all);
    await inPlace();
    await update('a rolling update from an older version');
  });

  suite('at once', { concurrency: true }, () => {
    test('Services that share an address are on one node', async () => {
      const shared = { ...fromLan.annotations, 'lb.kubesphere.io/allow-shared-ip': 'key' };
      const port = (number: number): object => ({ ...fromLan.spec, ports: [{ port: number }] });
      const [first] = await lab.serve('share-a', { annotations: shared, spec: port(80) });
      const [second] = await lab.serve('share-b', { annotations: shared, spec: port(81) });
      assert.equal(first, second);
    });

    test('with externalTrafficPolicy Local only a node with Pods answers, and it moves with them', async () => {
      const wishes = { ...fromLan, spec: { ...fromLan.spec, externalTrafficPolicy: 'Local' } };
      const [local = ''] = await lab.serve('local', wishes, ['n3']);
      await lab.ownedBy(local, 'n3');
      await lab.manager.setEndpoints(slice('local', on(['n2'])));
      await lab.manager.setEndpoints(slice('local', on(['n2']), ipv6Part));
      await lab.ownedBy(local, 'n2');
    });

    test('an address that is given back is not answered for any more', async () => {
      await lab.manager.deleteService('web');
      await lab.manager.gone('web');
      assert.deepEqual(await Promise.all(ips.map((each) => lab.host.neighbours.ask(each))), [undefined, undefined]);
    });
  });

  test('without a replica on the only node with Pods another one answers in its name, and the condition says so', async () => {
    await lab.manager.replicas.stop('n3');
    await lab.manager.replicas.setMembers('n1', 'n2');
    const wishes = { ...fromLan, spec: { ...fromLan.spec, externalTrafficPolicy: 'Local' } };
    await lab.manager.create('far', wishes, ['n3']);
    for (const address of await lab.manager.addresses('far')) {
      await lab.node('n3').serve(address);
      await lab.ownedBy(address, 'n3');
      assert.equal(await answeringNode(lab.host, address), 'n3');
    }
    await lab.manager.announcedBecause('far', 'AnnouncedForNode');
  });
});
