import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peer, routerOpen, Scene } from '../testing/scripted-router.ts';

for (const jitter of [0, 0.5, 0.999]) {
  test(`keepalives are a second apart at least, also if jitter takes off ${jitter} of a quarter (RFC 4271 section 4.4)`, () => {
    const scene = new Scene({}, { next: () => jitter });
    scene.router({ ...routerOpen(), holdTimeSeconds: 3 });
    scene.speaker.configure([peer]);
    scene.pass(1);
    const sent = (): number => scene.connection.log.filter((message) => message === 'keepalive').length;
    const before = sent();
    scene.pass(20, scene.connection);
    assert.equal(sent() - before, 20);
  });
}
