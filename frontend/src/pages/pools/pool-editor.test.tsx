import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { refusal, type Sent } from '../../testing/fake-http.ts';
import { play, type Stage } from '../../testing/stage.tsx';
import { object as office, poolCreation, poolEditing } from './pool.stories.ts';

async function type({ screen, act }: Stage, label: string, value: string): Promise<void> {
  await act(() => fireEvent.change(screen.getByLabelText(label), { target: { value } }));
}

async function press({ screen, act }: Stage, name: string): Promise<void> {
  await act(() => fireEvent.click(screen.getByRole('button', { name })));
}

suite('a new pool', () => {
  test('is stored after the API server has judged it and the API has said who would be affected', async () => {
    const stage = await play(poolCreation);
    await type(stage, 'Name', 'office');
    await type(stage, 'Addresses', '192.0.2.0/27');
    await press(stage, 'Review');
    const [judged, simulated] = stage.http.sent.slice(-2);
    assert.deepEqual([judged?.what, judged?.query['dryRun']], ['POST /eips', 'All']);
    assert.deepEqual(simulated?.body, {
      pools: [{ name: 'office', spec: { address: '192.0.2.0/27', protocol: 'bgp', priority: 3 } }],
    });
    const review = stage.screen.getByRole('region', { name: 'What this would change' });
    assert.match(
      review.textContent,
      /Can't be reached any more: 1.*192\.0\.2\.30 \(shop\/web, a Service of another project\)/,
    );
    // Each is named below what would happen to it.
    const moves = [...review.querySelectorAll('li')].find(({ textContent }) => textContent.startsWith('Move to other'));
    assert.equal(moves?.querySelector('ul')?.textContent, '192.0.2.31 (shop/api): worker-1 → worker-2');
    await press(stage, 'Save');
    const stored = stage.http.last('POST /eips');
    assert.equal(stored?.query['dryRun'], undefined);
    assert.deepEqual(stored?.body, {
      ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'office' } },
      spec: { protocol: 'bgp', address: '192.0.2.0/27' },
    });
    assert.equal(stage.where(), '/clusters/host/porterlb.pools');
    await stage.close();
  });

  test('that affects more than the API lists says of some how many, and of none that there are more of them', async () => {
    const lost = { before: { nodes: ['n'], peers: [] }, after: { nodes: [], peers: [] }, effect: 'loses' };
    const changes = Array.from({ length: 1_000 }, (_, i) => ({ ...lost, ip: `198.51.100.${i}`, services: ['a/b'] }));
    const many = { loses: 1_200, unknown: 0, moves: 40, gains: 0, keeps: 0, replicas: [], changes };
    const stage = await play({ ...poolCreation, answers: { ...poolCreation.answers, 'POST /simulations': many } });
    await press(stage, 'Review');
    const review = stage.screen.getByRole('region', { name: 'What this would change' });
    const [losing, moving] = review.querySelector('.plb-effects')?.children ?? [];
    assert.match(losing?.textContent ?? '', /any more: 1200.*and 1192 more$/);
    assert.equal(moving?.textContent, 'Move to other nodes or peers: 40');
    await stage.close();
  });

  test('that is the first one begins as the default pool, and says what it means to be none', async () => {
    const stage = await play({ ...poolCreation, at: `${poolCreation.at}?first` });
    const isDefault = stage.screen.getByLabelText<HTMLInputElement>('Default pool');
    const hint = (): string =>
      document.getElementById(isDefault.getAttribute('aria-describedby') ?? '')?.textContent ?? '';
    assert.equal(isDefault.checked, true);
    assert.match(hint(), /^Services that name no pool get addresses of this one/);
    await press(stage, 'Review');
    assert.deepEqual((stage.http.last('POST /eips')?.body as { metadata: object }).metadata, {
      ...{ name: '', annotations: { 'eip.porter.kubesphere.io/is-default-eip': 'true' } },
    });
    await stage.act(() => fireEvent.click(isDefault));
    assert.match(hint(), /^Not ticked: only Services that name it, or lie in one of its projects/);
    await stage.close();
  });

  test('to be the default one is simulated as that', async () => {
    const answers = { ...poolCreation.answers, 'POST /eips': ({ body }: Sent) => body };
    const stage = await play({ ...poolCreation, at: `${poolCreation.at}?first`, answers });
    await press(stage, 'Review');
    assert.deepEqual(stage.http.last('POST /simulations')?.body, {
      pools: [{ name: '', spec: { protocol: 'bgp' }, isDefault: true }],
    });
    await stage.close();
  });

  test('in a cluster without any address affects nobody, and counts nothing', async () => {
    const none = { loses: 0, unknown: 0, moves: 0, gains: 0, keeps: 0, replicas: [], changes: [] };
    const stage = await play({ ...poolCreation, answers: { ...poolCreation.answers, 'POST /simulations': none } });
    await press(stage, 'Review');
    const review = stage.screen.getByRole('region', { name: 'What this would change' });
    assert.equal(review.querySelector('.plb-notice')?.textContent, 'Nobody would be affected.');
    await stage.close();
  });

  test('that is refused says why at the field that it concerns', async () => {
    const causes = [{ field: 'spec.address', message: 'must be one IP, CIDR prefix or range' }];
    const refused = refusal(422, 'Invalid', 'Eip "office" is invalid', causes);
    const stage = await play({ ...poolCreation, answers: { ...poolCreation.answers, 'POST /eips': refused } });
    await type(stage, 'Name', 'office');
    await type(stage, 'Addresses', '192.0.2.0/99');
    await press(stage, 'Review');
    const field = stage.screen.getByLabelText('Addresses');
    assert.equal(field.getAttribute('aria-invalid'), 'true');
    const said = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    assert.equal(said?.textContent, 'must be one IP, CIDR prefix or range');
    assert.equal(stage.screen.queryByRole('button', { name: 'Save' }), null);
    await stage.close();
  });

  test('that a policy of the cluster refuses says why, and speaks of nobody’s role', async () => {
    const why = 'admission webhook "policy.example.org" denied the request: an Eip needs an owner';
    const refused = refusal(403, 'Forbidden', why);
    const stage = await play({ ...poolCreation, answers: { ...poolCreation.answers, 'POST /eips': refused } });
    await press(stage, 'Review');
    assert.equal(stage.screen.getByRole('alert').textContent, why);
    await stage.close();
  });

  test('of a name that is taken says so at the name', async () => {
    const taken = refusal(409, 'AlreadyExists', 'eips "office" already exists');
    const stage = await play({ ...poolCreation, answers: { ...poolCreation.answers, 'POST /eips': taken } });
    await press(stage, 'Review');
    assert.equal(stage.screen.getByLabelText('Name').getAttribute('aria-invalid'), 'true');
    await stage.close();
  });

  test('is written as YAML just as well, which the API server reads', async () => {
    const stage = await play(poolCreation);
    await type(stage, 'Name', 'office');
    await press(stage, 'Edit as YAML');
    const yaml = stage.screen.getByLabelText<HTMLTextAreaElement>('YAML');
    assert.match(yaml.value, /^ {2}name: office$/m);
    await type(stage, 'YAML', 'kind: Eip\n');
    await press(stage, 'Edit as form');
    assert.equal(stage.http.sent.at(-1)?.body, 'kind: Eip\n');
    assert.equal(stage.screen.getByLabelText<HTMLTextAreaElement>('Addresses').value, '192.0.2.0/27');
    await stage.close();
  });
});

suite('a pool that is changed', () => {
  test('is judged anew after each change', async () => {
    const stage = await play(poolEditing);
    assert.equal(stage.screen.getByLabelText<HTMLInputElement>('Name').disabled, true);
    await press(stage, 'Review');
    assert.ok(stage.screen.getByRole('button', { name: 'Save' }));
    await type(stage, 'Priority', '9');
    await press(stage, 'Review');
    const put = stage.http.last('PUT /eips/office');
    assert.deepEqual(put?.body, {
      ...{
        apiVersion: 'network.kubesphere.io/v1alpha2',
        kind: 'Eip',
        metadata: { name: 'office', resourceVersion: '7' },
      },
      spec: { address: '192.0.2.0/27', protocol: 'bgp', priority: 9 },
    });
    await stage.close();
  });

  test('to be the default one is simulated as that', async () => {
    const annotations = { 'eip.porter.kubesphere.io/is-default-eip': 'true' };
    const stage = await play({
      ...poolEditing,
      answers: { ...poolEditing.answers, 'PUT /eips/office': ({ body }: Sent) => body },
    });
    await stage.act(() => fireEvent.click(stage.screen.getByLabelText('Default pool')));
    await press(stage, 'Review');
    assert.deepEqual(stage.http.last('PUT /eips/office')?.body, {
      ...office,
      metadata: { ...office.metadata, annotations },
    });
    assert.deepEqual(stage.http.last('POST /simulations')?.body, {
      pools: [{ name: 'office', spec: office.spec, isDefault: true }],
    });
    await stage.close();
  });

  test('by somebody else meanwhile can be loaded again', async () => {
    const conflict = refusal(409, 'Conflict', 'the object has been modified');
    const stage = await play({ ...poolEditing, answers: { ...poolEditing.answers, 'PUT /eips/office': conflict } });
    await press(stage, 'Review');
    assert.match(stage.screen.getByRole('alert').textContent, /Somebody else changed this/);
    const newer = { kind: 'Eip', metadata: { name: 'office', resourceVersion: '8' }, spec: { address: '192.0.2.99' } };
    stage.http.change({ 'GET /eips/office': newer });
    await press(stage, 'Load again');
    assert.equal(stage.screen.getByLabelText<HTMLTextAreaElement>('Addresses').value, '192.0.2.99');
    await stage.close();
  });
});
