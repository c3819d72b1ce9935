/** What an editor keeps of an object, and of what was typed: of a pool here, of all kinds alike. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import type { KubernetesObject } from '../api/objects.ts';
import { poolCreation, poolEditing } from '../pages/pools/pool.stories.ts';
import { HeldBack, refusal, silence, type Sent } from '../testing/fake-http.ts';
import { play, type Stage } from '../testing/stage.tsx';

const GET = 'GET /eips/office';
const PUT = 'PUT /eips/office';
const IN_USE = ['lb.kubesphere.io/in-use'];

const office: KubernetesObject = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'office', resourceVersion: '7' } },
  spec: { address: '192.0.2.0/27', protocol: 'bgp', priority: 3 },
};

const metadata = (more: object): KubernetesObject['metadata'] => ({ ...office.metadata, ...more });

async function edit(stored: KubernetesObject, answers: object = {}): Promise<Stage> {
  return await play({ ...poolEditing, answers: { ...poolEditing.answers, [GET]: stored, [PUT]: stored, ...answers } });
}

async function type({ screen, act }: Stage, label: string, value: string): Promise<void> {
  await act(() => fireEvent.change(screen.getByLabelText(label), { target: { value } }));
}

async function press({ screen, act }: Stage, ...names: string[]): Promise<void> {
  for (const name of names) await act(() => fireEvent.click(screen.getByRole('button', { name })));
}

function yaml({ screen }: Stage): string {
  return screen.getByLabelText<HTMLTextAreaElement>('YAML').value;
}

/** An API server that has another version by now, and means by every text the object `read`. */
function storing(now: KubernetesObject, read: KubernetesObject): (sent: Sent) => unknown {
  const version = now.metadata.resourceVersion ?? '';
  return ({ body }) => {
    const isNow = typeof body === 'string' ? body.includes(`resourceVersion: "${version}"`) : isOf(body, version);
    if (!isNow) return refusal(409, 'Conflict', 'the object has been modified');
    return typeof body === 'string' ? read : body;
  };
}

function isOf(body: unknown, version: string): boolean {
  return (body as KubernetesObject).metadata.resourceVersion === version;
}

suite('YAML', () => {
  test('has the finalizers and owners, which would be gone without', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'site', uid: 'u' }];
    const stage = await edit({ ...office, metadata: metadata({ finalizers: IN_USE, ownerReferences, uid: 'x' }) });
    await press(stage, 'Edit as YAML');
    assert.match(yaml(stage), /^ {2}finalizers:\n {4}- lb\.kubesphere\.io\/in-use$/m);
    assert.match(yaml(stage), /^ {2}ownerReferences:\n {4}- apiVersion: v1\n {6}kind: ConfigMap$/m);
    assert.doesNotMatch(yaml(stage), /uid: x/);
    await stage.close();
  });

  test('says more than the form has fields for: that stays on the way back', async () => {
    const nodeSelector = { matchLabels: { rack: '1' } };
    const meant = { ...office, metadata: metadata({ uid: 'x' }), spec: { ...office.spec, nodeSelector } };
    const stage = await edit(office, { [PUT]: meant });
    await press(stage, 'Edit as YAML', 'Edit as form');
    await type(stage, 'Priority', '9');
    await press(stage, 'Review', 'Save');
    assert.deepEqual(stage.http.last(PUT)?.body, { ...office, spec: { ...office.spec, nodeSelector, priority: 9 } });
    await stage.close();
  });
});

suite('a pool whose status the manager wrote meanwhile', () => {
  const inUse = { ...office, metadata: metadata({ resourceVersion: '8', finalizers: IN_USE }), status: { usage: 1 } };

  test('is saved as if it had not', async () => {
    const stage = await edit(office, { [PUT]: storing(inUse, office) });
    await type(stage, 'Priority', '9');
    stage.http.change({ [GET]: inUse });
    await press(stage, 'Review', 'Save');
    assert.deepEqual(stage.http.last(PUT), {
      ...{ what: PUT, query: { fieldValidation: 'Strict' } },
      body: { ...inUse, spec: { ...office.spec, priority: 9 } },
    });
    assert.equal(stage.where(), '/clusters/host/porterlb.pools/office');
    await stage.close();
  });

  test('is so as YAML as well, and keeps the finalizer that the text does not know', async () => {
    const meant = { ...office, spec: { ...office.spec, priority: 9 } };
    const stage = await edit(office, { [PUT]: storing(inUse, meant) });
    await press(stage, 'Edit as YAML');
    stage.http.change({ [GET]: inUse });
    await press(stage, 'Review', 'Save');
    assert.deepEqual(stage.http.last(PUT)?.body, { ...inUse, spec: meant.spec });
    await stage.close();
  });
});

suite('a pool that somebody else changed meanwhile', () => {
  const theirs: KubernetesObject = {
    ...office,
    metadata: metadata({ resourceVersion: '8' }),
    spec: { address: '192.0.2.99', protocol: 'bgp', priority: 3 },
  };

  test('is not saved before their change was seen; what was typed stays', async () => {
    const stage = await edit(office, { [PUT]: storing(theirs, office) });
    await type(stage, 'Priority', '9');
    stage.http.change({ [GET]: theirs });
    await press(stage, 'Review');
    assert.match(stage.screen.getByRole('alert').textContent, /Somebody else changed this/);
    await press(stage, 'Load again');
    assert.equal(stage.screen.getByLabelText<HTMLTextAreaElement>('Addresses').value, '192.0.2.99');
    assert.equal(stage.screen.getByLabelText<HTMLInputElement>('Priority').value, '9');
    assert.equal(stage.screen.queryByRole('alert'), null);
    assert.equal(stage.screen.queryByText(/Also changed/), null);
    await press(stage, 'Review', 'Save');
    assert.deepEqual(stage.http.last(PUT)?.body, { ...theirs, spec: { ...theirs.spec, priority: 9 } });
    await stage.close();
  });

  test('says which fields they changed as well, until it is saved', async () => {
    const changed = { ...theirs, spec: { ...theirs.spec, priority: 5 } };
    const stage = await edit(office, { [PUT]: storing(changed, office) });
    const told = (): boolean => stage.screen.queryByText(/Also changed by somebody else: spec\.priority\./) !== null;
    await type(stage, 'Priority', '9');
    stage.http.change({ [GET]: changed });
    await press(stage, 'Review');
    assert.equal(told(), false);
    await press(stage, 'Load again');
    assert.equal(told(), true);
    assert.equal(stage.screen.getByLabelText<HTMLInputElement>('Priority').value, '9');
    await type(stage, 'Projects', 'shop');
    await press(stage, 'Review');
    assert.equal(told(), true);
    await press(stage, 'Save');
    const spec = { ...theirs.spec, priority: 9, namespaces: ['shop'] };
    assert.deepEqual(stage.http.last(PUT)?.body, { ...theirs, spec });
    await stage.close();
  });

  test('has both changes in its YAML', async () => {
    const stage = await edit(office, {
      [PUT]: storing(theirs, { ...office, spec: { ...office.spec, priority: 9 } }),
    });
    await press(stage, 'Edit as YAML');
    stage.http.change({ [GET]: theirs });
    await press(stage, 'Review', 'Load again');
    assert.match(
      yaml(stage),
      /resourceVersion: "8"\nspec:\n {2}address: "192.0.2.99"\n {2}protocol: bgp\n {2}priority: 9$/m,
    );
    await stage.close();
  });
});

suite('a refusal', () => {
  const wrong = (...fields: string[]): object => {
    const causes = fields.map((field) => ({ field, message: `no good ${field.slice(-3)}` }));
    const message = causes.map((cause) => `${cause.field}: ${cause.message}`).join(', ');
    return refusal(422, 'Invalid', `Eip "office" is invalid: [${message}]`, causes);
  };

  test('about a field that is not shown is told above them, with what it is about', async () => {
    const answers = { ...poolCreation.answers, 'POST /eips': wrong('spec.interface', 'spec.address') };
    const stage = await play({ ...poolCreation, answers });
    for (const label of ['Name', 'Addresses']) await type(stage, label, 'odd');
    await type(stage, 'Protocol', 'layer2');
    await type(stage, 'Interface', 'eth 0');
    await type(stage, 'Protocol', 'bgp');
    await press(stage, 'Review');
    const [above, at] = stage.screen.getAllByRole('alert').map(({ textContent }) => textContent);
    assert.deepEqual([above, at], ['spec.interface: no good ace', 'no good ess']);
    // Shown, it is told there.
    await type(stage, 'Protocol', 'layer2');
    await press(stage, 'Review');
    const told = stage.screen.getAllByRole('alert').map(({ textContent }) => textContent);
    assert.deepEqual(told, ['no good ess', 'no good ace']);
    await stage.close();
  });

  test('of YAML is told as a whole', async () => {
    const stage = await edit(office, { [PUT]: wrong('spec.bgp.med', 'spec.address') });
    await press(stage, 'Edit as YAML', 'Review');
    const said = stage.screen.getByRole('alert').textContent;
    assert.equal(said, 'Eip "office" is invalid: [spec.bgp.med: no good med, spec.address: no good ess]');
    await stage.close();
  });

  test('that there is one of that name is no change by somebody else', async () => {
    const taken = refusal(409, 'AlreadyExists', 'eips "office" already exists');
    const stage = await play({ ...poolCreation, answers: { ...poolCreation.answers, 'POST /eips': taken } });
    await press(stage, 'Edit as YAML', 'Review');
    assert.equal(stage.screen.getByRole('alert').textContent, 'eips "office" already exists');
    await stage.close();
  });

  test('at a field goes when that is changed', async () => {
    const stage = await edit(office, { [PUT]: wrong('spec.address', 'spec.priority') });
    await press(stage, 'Review');
    await type(stage, 'Addresses', '192.0.2.0/28');
    const told = stage.screen.getAllByRole('alert').map(({ textContent }) => textContent);
    assert.deepEqual(told, ['no good ity']);
    await stage.close();
  });
});

suite('what can be pressed', () => {
  const submit = ({ screen }: Stage, name: string): HTMLButtonElement =>
    screen.getByRole<HTMLButtonElement>('button', { name });

  test('is nothing while the API server judges', async () => {
    const stage = await edit(office, { [PUT]: silence });
    await press(stage, 'Review');
    for (const name of ['Review', 'Edit as YAML']) assert.equal(submit(stage, name).disabled, true, name);
    await press(stage, 'Review');
    assert.equal(stage.http.sent.filter(({ what }) => what === PUT).length, 1);
    await stage.close();
  });

  test('is not Save before it is said who would be affected, or that this is not known', async () => {
    const stage = await edit(office, { 'POST /simulations': silence });
    await press(stage, 'Review');
    assert.ok(stage.screen.getByText('Finding out who would be affected…'));
    assert.equal(submit(stage, 'Save').disabled, true);
    const form = document.querySelector('form');
    await stage.act(() => void (form !== null && fireEvent.submit(form)));
    assert.equal(stage.http.sent.filter(({ what }) => what === PUT).length, 1);

    stage.http.change({ 'POST /simulations': refusal(503, 'ServiceUnavailable', 'no endpoints') });
    await type(stage, 'Priority', '9');
    await press(stage, 'Review');
    assert.match(stage.screen.getByRole('region').textContent, /can't be found out/);
    assert.equal(submit(stage, 'Save').disabled, false);
    await stage.close();
  });
});

suite('what is said of a change that is no longer meant', () => {
  const nothing = { loses: 0, unknown: 0, moves: 0, gains: 0, changes: [], replicas: [] };
  const said = ({ screen }: Stage): string => screen.getByRole('region').textContent ?? '';
  const twice = async (held: HeldBack): Promise<Stage> => {
    const stage = await edit(office, { 'POST /simulations': held.answering, [PUT]: ({ body }: Sent) => body });
    await press(stage, 'Review');
    await type(stage, 'Priority', '9');
    await press(stage, 'Review');
    assert.equal(held.count, 2);
    return stage;
  };

  test('is not shown', async () => {
    const held = new HeldBack();
    const stage = await twice(held);
    await stage.act(() => held.give(0, { ...nothing, keeps: 1 }));
    assert.match(said(stage), /Finding out/);
    await stage.act(() => held.give(1, { ...nothing, keeps: 2 }));
    assert.match(said(stage), /2 addresses stay as they are/);
    await stage.close();
  });

  test('takes nothing away from what is said of the one that is, however late it comes', async () => {
    for (const late of [{ ...nothing, keeps: 1 }, refusal(503, 'ServiceUnavailable', 'no endpoints')]) {
      const held = new HeldBack();
      const stage = await twice(held);
      await stage.act(() => held.give(1, { ...nothing, keeps: 2 }));
      await stage.act(() => held.give(0, late));
      assert.match(said(stage), /2 addresses stay as they are/);
      await stage.close();
    }
  });
});
