import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { POLL_MS } from '../../live/follow.ts';
import { refusal } from '../../testing/fake-http.ts';
import { play, type Stage } from '../../testing/stage.tsx';
import { bgpConf, bgpConfCreation, bgpConfEditing, bgpConfShown, noBgpConf } from './bgp-conf.stories.ts';

async function type({ screen, act }: Stage, label: string, value: string): Promise<void> {
  await act(() => fireEvent.change(screen.getByLabelText(label), { target: { value } }));
}

async function press({ screen, act }: Stage, name: string): Promise<void> {
  await act(() => fireEvent.click(screen.getByRole('button', { name })));
}

suite('the page of the BGP configuration', () => {
  test('shows what has changed, and that it is gone, without being asked', async () => {
    const stage = await play(bgpConfShown);
    const { screen, act, http, clock } = stage;
    http.change({ 'GET /bgpconfs/default': { ...bgpConf, spec: { as: 65_009 } } });
    await act(() => clock.pass(POLL_MS));
    assert.ok(screen.getByText('65009'));
    http.change({ 'GET /bgpconfs/default': noBgpConf });
    await act(() => clock.pass(POLL_MS));
    assert.ok(screen.getByText('BGP is not configured.'));
    assert.equal(screen.queryByRole('link', { name: 'Edit' }), null);
    await stage.close();
  });
});

suite('a new BGP configuration', () => {
  test('is stored under the one name that counts, after the API server has judged it', async () => {
    const stage = await play(bgpConfCreation);
    await type(stage, 'AS number', '64512');
    await type(stage, 'AS number by rack', 'rack-1: 64513');
    await press(stage, 'Review');
    assert.equal(stage.http.sent.at(-1)?.query['dryRun'], 'All');
    const review = stage.screen.getByRole('region', { name: 'What this would change' });
    assert.match(review.textContent, /opens sessions with the routers of all BGP peers/);
    await press(stage, 'Save');
    const stored = stage.http.last('POST /bgpconfs');
    assert.equal(stored?.query['dryRun'], undefined);
    assert.deepEqual(stored?.body, {
      ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpConf', metadata: { name: 'default' } },
      spec: { as: 64_512, asPerRack: { 'rack-1': 64_513 } },
    });
    assert.equal(stage.where(), '/clusters/host/porterlb.bgp');
    await stage.close();
  });

  test('that is refused says why at each field that it concerns', async () => {
    const causes = [
      { field: 'spec.as', message: 'Required value' },
      { field: 'spec.asPerRack.rack-1', message: 'must be of type integer' },
    ];
    const refused = refusal(422, 'Invalid', 'BgpConf "default" is invalid', causes);
    const stage = await play({ ...bgpConfCreation, answers: { 'POST /bgpconfs': refused } });
    await press(stage, 'Review');
    const said = ['AS number', 'AS number by rack'].map((label) => {
      const field = stage.screen.getByLabelText(label);
      assert.equal(field.getAttribute('aria-invalid'), 'true');
      return document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent;
    });
    assert.deepEqual(said, ['must be filled in', 'must be of type integer']);
    assert.equal(stage.screen.queryByRole('button', { name: 'Save' }), null);
    await stage.close();
  });

  test('that somebody else has made meanwhile is told of at the name', async () => {
    const taken = refusal(409, 'AlreadyExists', 'bgpconfs "default" already exists');
    const stage = await play({ ...bgpConfCreation, answers: { 'POST /bgpconfs': taken } });
    await press(stage, 'Review');
    assert.equal(stage.screen.getByRole('alert').textContent, 'bgpconfs "default" already exists');
    await stage.close();
  });
});

suite('a BGP configuration that is changed', () => {
  const reviewed = async (stage: Stage): Promise<string> => {
    await press(stage, 'Review');
    return stage.screen.getByRole('region', { name: 'What this would change' }).textContent;
  };

  test('is said to begin sessions anew where it does', async () => {
    const changed = { ...bgpConf, spec: { ...bgpConf.spec, as: 64_600 } };
    const stage = await play({
      ...bgpConfEditing,
      answers: { ...bgpConfEditing.answers, 'PUT /bgpconfs/default': changed },
    });
    await type(stage, 'AS number', '64600');
    assert.match(await reviewed(stage), /Sessions that this concerns end and begin anew/);
    await press(stage, 'Save');
    const { spec } = stage.http.last('PUT /bgpconfs/default')?.body as typeof bgpConf;
    assert.deepEqual(spec, changed.spec);
    await stage.close();
  });

  test('is not said to do so where it does not', async () => {
    const stage = await play(bgpConfEditing);
    assert.doesNotMatch(await reviewed(stage), /begin anew/);
    await stage.close();
  });

  test('is written as YAML just as well', async () => {
    const stage = await play(bgpConfEditing);
    await press(stage, 'Edit as YAML');
    const { value } = stage.screen.getByLabelText<HTMLTextAreaElement>('YAML');
    assert.match(value, /^ {2}as: 64512$/m);
    assert.doesNotMatch(value, /status/);
    await stage.close();
  });
});
