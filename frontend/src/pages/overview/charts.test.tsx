import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { refusal, silence } from '../../testing/fake-http.ts';
import { play, type Stage } from '../../testing/stage.tsx';
import type { Story } from '../../testing/story.ts';
import { MONITORING, overviewStories } from './overview.stories.ts';

const MINUTE_MS = 60_000;
const [story] = overviewStories as readonly [Story, ...Story[]];
const measured = story.answers[MONITORING];

/** The overview of a cluster whose monitoring answers what is set last. */
async function withMonitoring(
  answer: unknown,
): Promise<{ readonly stage: Stage; readonly set: (now: unknown) => void }> {
  let current = answer;
  const stage = await play({ ...story, answers: { ...story.answers, [MONITORING]: () => current } });
  return { stage, set: (now) => (current = now) };
}

const areThere = ({ screen }: Stage): boolean => screen.queryByRole('list', { name: 'The last hour' }) !== null;
const busy = refusal(503, 'ServiceUnavailable', 'busy');

suite('charts', () => {
  test('stay while they are asked for again, and when that fails', async () => {
    const { stage, set } = await withMonitoring(measured);
    for (const answer of [silence, busy]) {
      set(answer);
      await stage.act(() => stage.clock.pass(MINUTE_MS));
      assert.ok(areThere(stage));
    }
    await stage.close();
  });

  test('come when monitoring answers at last', async () => {
    const { stage, set } = await withMonitoring(busy);
    assert.ok(!areThere(stage));
    await stage.act(() => stage.clock.pass(MINUTE_MS));
    set(measured);
    await stage.act(() => stage.clock.pass(MINUTE_MS));
    assert.ok(areThere(stage));
    await stage.close();
  });

  test('go on after a question that failed', async () => {
    const { stage, set } = await withMonitoring(measured);
    set(busy);
    await stage.act(() => stage.clock.pass(MINUTE_MS));
    set(measured);
    const asked = stage.http.sent.length;
    await stage.act(() => stage.clock.pass(MINUTE_MS));
    assert.ok(stage.http.sent.slice(asked).some(({ what }) => what === MONITORING));
    await stage.close();
  });
});
