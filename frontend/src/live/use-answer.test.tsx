import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { object, poolEditing } from '../pages/pools/pool.stories.ts';
import { HeldBack, refusal } from '../testing/fake-http.ts';
import { play, type Stage } from '../testing/stage.tsx';

const lan = { ...object, metadata: { name: 'lan', resourceVersion: '9' }, spec: { address: '198.51.100.0/28' } };

/** On the page of the pool lan, after that of the pool office, of which nothing is known yet. */
async function onToLan(office: HeldBack): Promise<Stage> {
  const answers = { ...poolEditing.answers, 'GET /eips/office': office.answering, 'GET /eips/lan': lan };
  const stage = await play({ ...poolEditing, answers });
  await stage.go('/clusters/host/porterlb.pools/lan/edit');
  return stage;
}

function shown({ screen }: Stage): unknown {
  return screen.queryByLabelText<HTMLTextAreaElement>('Addresses')?.value;
}

suite('an answer to a question that is no longer asked', () => {
  test('takes away neither what is shown nor what was typed', async () => {
    for (const late of [object, refusal(503, 'ServiceUnavailable', 'no endpoints')]) {
      const office = new HeldBack();
      const stage = await onToLan(office);
      assert.equal(shown(stage), '198.51.100.0/28');
      await stage.act(() =>
        fireEvent.change(stage.screen.getByLabelText('Addresses'), { target: { value: '203.0.113.1' } }),
      );
      await stage.act(() => office.give(0, late));
      assert.equal(shown(stage), '203.0.113.1');
      await stage.close();
    }
  });

  test('is none to the question that is', async () => {
    const office = new HeldBack();
    const stage = await onToLan(office);
    const now = new HeldBack();
    stage.http.change({ 'GET /eips/office': now.answering });
    await stage.go('/clusters/host/porterlb.pools/office/edit');
    await stage.act(() => office.give(0, { ...object, spec: { address: '192.0.2.1' } }));
    assert.equal(shown(stage), undefined);
    await stage.act(() => now.give(0, object));
    assert.equal(shown(stage), '192.0.2.0/27');
    await stage.close();
  });
});
