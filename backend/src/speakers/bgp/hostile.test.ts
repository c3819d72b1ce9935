import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from './model.ts';
import { gracefulRestartBoth, peer, RouterConnection, routerOpen, Scene } from './testing/scripted-router.ts';
import { readCorpus } from './wire/testing/corpus.ts';
import { Dice, mutated } from './wire/testing/fuzzer.ts';

const corpus = readCorpus();
const prefix = '10.0.0.1/32';
const routes = new Map<string, Route>([[prefix, { prefix, paths: [{ id: 1, nextHop: '192.0.2.11' }] }]]);
const open = routerOpen(gracefulRestartBoth, { type: 'extended-message' }, { type: 'enhanced-route-refresh' });

function scene(silent: boolean): Scene {
  const made = new Scene();
  made.dialer.listen(peer.address, 179, (remote) => {
    made.connections.push(new RouterConnection(remote, silent ? undefined : open));
  });
  made.speaker.configure([{ ...peer, connectRetrySeconds: 1 }]);
  made.speaker.setRoutes('r1', routes);
  made.settle();
  return made;
}

/** Messages of the corpus with things changed, cut into chunks at any octet. */
function attack(made: Scene, dice: Dice): void {
  const { remote } = made.connection;
  const messages = Array.from({ length: 1 + dice.roll(6) }, () => mutated(dice, corpus));
  const stream = Buffer.concat(messages);
  for (let at = 0; at < stream.length;) {
    const size = 1 + dice.roll(60);
    remote.write(stream.subarray(at, at + size));
    at += size;
  }
}

for (const [when, silent] of [
  ['instead of an OPEN', true],
  ['in a session', false],
] as const) {
  test(`whatever a router sends ${when}: it is told why that ended, and gets its routes again`, () => {
    let ended = 0;
    for (let seed = 0; seed < 60; seed++) {
      const made = scene(silent);
      assert.deepEqual([made.status.state], [silent ? 'OpenSent' : 'Established']);
      const attacked = made.connection;
      attack(made, new Dice(seed));
      made.settle();
      const { state, lastError } = made.status;
      if (state === 'Idle' || state === 'Active') {
        ended++;
        assert.ok(lastError !== undefined && lastError !== '', `seed ${seed}`);
        assert.ok(attacked.remote.closed, `seed ${seed}`);
      }
      // The router comes to its senses.
      made.router(open);
      if (!attacked.remote.closed) attacked.remote.reset();
      made.pass(3);
      assert.equal(made.status.state, 'Established', `seed ${seed}: ${made.status.lastError}`);
      assert.deepEqual(made.connection.table.nextHops(prefix), ['192.0.2.11'], `seed ${seed}`);
    }
    assert.ok(ended > 20, `${ended} of 60 were ended`);
  });
}

test('a well-known attribute that nobody knows ends the session by a NOTIFICATION that quotes it (RFC 4271 section 6.3)', () => {
  const made = scene(false);
  const attacked = made.connection;
  const unknown = { type: 'unknown', flags: 0x40, code: 99, value: new Uint8Array([1, 2]) } as const;
  attacked.send({ type: 'update', withdrawn: [], attributes: [unknown], nlri: [] });
  made.settle();
  assert.equal(attacked.log.at(-1), 'UPDATE Message Error / Unrecognized Well-known Attribute');
  const last = attacked.messages.at(-1);
  assert.deepEqual(last?.type === 'notification' && [...last.data], [0x40, 99, 2, 1, 2]);
  made.pass(3);
  assert.deepEqual(made.connection.table.nextHops(prefix), ['192.0.2.11']);
});

test('a message as long as may be, refused by a NOTIFICATION that quotes it, does not break that', () => {
  const open = routerOpen({ type: 'enhanced-route-refresh' });
  const made = new Scene();
  made.router(open);
  made.speaker.configure([peer]);
  made.settle();
  assert.equal(made.status.negotiated?.enhancedRouteRefresh, true);
  made.connection.send({
    type: 'route-refresh',
    family: 'ipv4-unicast',
    subtype: 1,
    filters: new Uint8Array(4096 - 19 - 4),
  });
  made.settle();
  made.settle();
  assert.equal(made.connection.log.at(-1), 'ROUTE-REFRESH Message Error / Invalid Message Length');
  assert.match(made.status.lastError ?? '', /^we sent: ROUTE-REFRESH Message Error/);
});
