/** An update from an older version, one replica after the other, each by a Pod of another name: how long there are two owners. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { ALL, IPS, Lan } from './testing/lan.ts';

/** An address for each order of the nodes that there is one for. */
const ONE_OF_EACH = [...new Map(IPS.map((ip) => [rank(ip, ALL).join(), ip])).values()];
/** An older version asks each half a second, with a twentieth of jitter; and the way there and back. */
const ASKED_MS = 525 + 25;

async function askAllTheTime(lan: Lan, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    for (const ip of ONE_OF_EACH) lan.ask(ip);
    await lan.pass(20);
  }
}

/** From the first that one claims of an address to the last that another one does, in milliseconds. */
function sharedMs(lan: Lan, ip: string, name: string): number {
  const claims = lan.claims.filter((claim) => claim.ip === ip);
  const first = claims.find(({ mac }) => lan.nameOf(mac) === name)?.at ?? Infinity;
  const last = claims.findLast(({ mac }) => lan.nameOf(mac) !== name)?.at ?? -Infinity;
  return last - first;
}

suite('an update from an older version', () => {
  for (const afterMs of [0, 90, 180, 270, 360, 450]) {
    test(`replicas that start ${afterMs} ms later: what they take the others give up when they ask next, and for good`, async () => {
      const lan = new Lan(3);
      lan.setMembers(...ALL);
      for (const name of ALL) {
        lan.startOlder(name);
        await lan.pass(170);
      }
      lan.want(...ONE_OF_EACH);
      await lan.pass(8_000);
      for (const name of ALL) {
        lan.leave(name);
        await lan.pass(1_000);
        lan.crash(name);
        lan.setMembers(...ALL.filter((other) => other !== name));
        lan.host(name).podsBefore++;
        lan.setMembers(...ALL);
        await lan.pass(700 + afterMs);
        lan.claims.length = 0;
        lan.start(name);
        await askAllTheTime(lan, 1_600);
        const itsOwn = ONE_OF_EACH.filter((ip) => lan.ownerOf(ip, ...ALL) === name);
        assert.ok(itsOwn.length > 0);
        for (const ip of itsOwn) {
          const ms = sharedMs(lan, ip, name);
          assert.ok(ms <= ASKED_MS, `${name} and others both claimed ${ip} for ${ms.toFixed(0)} ms`);
          assert.deepEqual(lan.ask(ip), [name]);
        }
      }
    });
  }
});
