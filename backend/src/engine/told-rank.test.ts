import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { meds, started } from './testing/shop.ts';
import { ToldRank } from './told-rank.ts';

suite('what other replicas hear of the rank', () => {
  test('of a worse one once it is written to the routers: whoever outlives us must outbid what these retain', () => {
    const bench = started();
    assert.equal(bench.toldRank?.med, 100);
    bench.speaker.isWriting = true;
    bench.engine.setStale(true);
    assert.deepEqual(meds(bench), ['400']);
    assert.equal(bench.toldRank.med, 100);
    bench.speaker.written();
    assert.equal(bench.toldRank.med, 400);
  });

  test('of a better one before, and of the better one still when it is worse again at once', () => {
    const bench = started();
    bench.engine.setStale(true);
    assert.equal(bench.toldRank?.med, 400);
    bench.speaker.isWriting = true;
    bench.engine.setStale(false);
    assert.equal(bench.toldRank.med, 100);
    bench.engine.setStale(true);
    assert.equal(bench.toldRank.med, 100);
    bench.speaker.written();
    assert.equal(bench.toldRank.med, 400);
  });

  test('of a worse one not when only what came before it is written', () => {
    const said: number[] = [];
    const written: (() => void)[] = [];
    const rank = new ToldRank({
      replicas: { setRank: (med) => void said.push(med) },
      speaker: { whenHeard: (then) => void written.push(then) },
    });
    for (const offset of [100, 400]) {
      rank.set(offset, new Map());
      rank.routed();
    }
    written[0]?.();
    assert.equal(said.at(-1), 100);
    written[1]?.();
    assert.equal(said.at(-1), 400);
  });
});
