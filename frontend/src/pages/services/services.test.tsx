import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { refusal } from '../../testing/fake-http.ts';
import { play, type Stage } from '../../testing/stage.tsx';
import { serviceDetail, serviceList } from './service.stories.ts';

const PATCH = 'PATCH /clusters/host/api/v1/namespaces/shop/services/web';

async function type({ screen, act }: Stage, label: string, value: string): Promise<void> {
  await act(() => fireEvent.change(screen.getByLabelText(label), { target: { value } }));
}

async function press({ screen, act }: Stage, name: string): Promise<void> {
  await act(() => fireEvent.click(screen.getByRole('button', { name })));
}

suite('the list of Services', () => {
  test('searches, orders and pages on the server', async () => {
    const stage = await play(serviceList);
    const { screen, act, http, clock } = stage;
    await act(() => fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'we' } }));
    await act(() => clock.pass(300));
    await press(stage, 'Next page');
    await act(() => fireEvent.click(screen.getByRole('button', { name: /Project/ })));
    await press(stage, 'Next page');
    const { query } = http.last('GET /services') ?? {};
    assert.deepEqual(query, { page: '2', limit: '10', sortBy: 'namespace', ascending: 'true', name: 'we' });
    await stage.close();
  });

  test('has another pool written to the Service, by who is signed in', async () => {
    const stage = await play(serviceList);
    await press(stage, 'Actions for shop/web');
    await stage.act(() => fireEvent.click(stage.screen.getByRole('menuitem', { name: 'Change pool or address' })));
    assert.equal(stage.screen.getByLabelText<HTMLInputElement>('Address Pools').value, 'office');
    await type(stage, 'Address Pools', 'lan, office');
    await press(stage, 'Save');
    assert.deepEqual(stage.http.last(PATCH)?.body, {
      metadata: {
        annotations: { 'eip.openelb.kubesphere.io/v1alpha2': null, 'eip.porter.kubesphere.io/v1alpha2': 'lan,office' },
      },
    });
    assert.equal(stage.screen.queryByRole('dialog'), null);
    await stage.close();
  });
});

suite('one Service', () => {
  test('can be saved only where something was changed', async () => {
    const stage = await play(serviceDetail);
    await press(stage, 'Change pool or address');
    const save = stage.screen.getByRole<HTMLButtonElement>('button', { name: 'Save' });
    assert.equal(save.disabled, true);
    await type(stage, 'Address Pools', 'lan');
    assert.equal(save.disabled, false);
    await type(stage, 'Address Pools', ' office ');
    assert.equal(save.disabled, true);
    await stage.close();
  });

  test('that may not be read is not said to be saved', async () => {
    const refused = refusal(403, 'Forbidden', 'services "web" is forbidden: ann may not get it');
    const answers = { ...serviceDetail.answers, [PATCH.replace('PATCH', 'GET')]: refused };
    const stage = await play({ ...serviceDetail, answers });
    await press(stage, 'Change pool or address');
    assert.match(stage.screen.getByRole('alert').textContent, /ann may not get it/);
    await press(stage, 'Save');
    assert.equal(stage.http.last(PATCH), undefined);
    assert.ok(!document.body.textContent.includes('is saved'));
    assert.ok(stage.screen.getByRole('dialog'));
    await stage.close();
  });

  test('says what the API server has against the change, and keeps what was typed', async () => {
    const refused = refusal(403, 'Forbidden', 'services "web" is forbidden: ann may not');
    const stage = await play({ ...serviceDetail, answers: { ...serviceDetail.answers, [PATCH]: refused } });
    await press(stage, 'Change pool or address');
    await type(stage, 'Addresses', '192.0.2.9');
    await press(stage, 'Save');
    assert.match(stage.screen.getByRole('alert').textContent, /ann may not/);
    assert.equal(stage.screen.getByLabelText<HTMLInputElement>('Addresses').value, '192.0.2.9');
    await stage.close();
  });

  test('is explained anew on demand', async () => {
    const stage = await play(serviceDetail);
    const why = 'GET /namespaces/shop/services/web/explanation';
    stage.http.change({
      [why]: { ...(serviceDetail.answers[why] as object), sentence: 'All is well.', result: 'reachable' },
    });
    await press(stage, 'Look again');
    assert.ok(stage.screen.getByText('All is well.'));
    await stage.close();
  });
});
