import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { refusal } from '../../testing/fake-http.ts';
import { play, type Stage } from '../../testing/stage.tsx';
import { peerCreation, peerDetail, peerEditing, peerList } from './peer.stories.ts';

async function type({ screen, act }: Stage, label: string, value: string): Promise<void> {
  await act(() => fireEvent.change(screen.getByLabelText(label), { target: { value } }));
}

async function press({ screen, act }: Stage, name: string): Promise<void> {
  await act(() => fireEvent.click(screen.getByRole('button', { name })));
}

async function choose(stage: Stage, action: string): Promise<void> {
  await press(stage, 'Actions for tor-1');
  await stage.act(() => fireEvent.click(stage.screen.getByRole('menuitem', { name: action })));
}

suite('a BGP peer', () => {
  test('is shut down after it has been said who would be affected', async () => {
    const stage = await play(peerList);
    await choose(stage, 'Shut down');
    const dialog = stage.screen.getByRole('dialog', { name: 'Shut down: tor-1' });
    assert.match(dialog.textContent, /Can't be reached any more: 1.*192\.0\.2\.200 \(shop\/web\)/);
    assert.deepEqual(stage.http.last('POST /simulations')?.body, { peers: [{ name: 'tor-1', adminDown: true }] });
    await press(stage, 'Shut down');
    assert.deepEqual(stage.http.last('PATCH /bgppeers/tor-1')?.body, { spec: { conf: { adminDown: true } } });
    await stage.close();
  });

  test('is shut down gracefully, and that is taken back', async () => {
    const stage = await play(peerDetail);
    await choose(stage, 'Shut down gracefully');
    const marked = { kind: 'BgpPeer', metadata: { name: 'tor-1' }, spec: { gracefulShutdown: true } };
    const peer = { ...(peerDetail.answers['GET /peers/tor-1'] as object), gracefulShutdown: true };
    stage.http.change({ 'GET /bgppeers/tor-1': marked });
    await press(stage, 'Shut down gracefully');
    await stage.act(() => stage.http.change({ 'GET /peers/tor-1': peer }));
    assert.deepEqual(stage.http.last('PATCH /bgppeers/tor-1')?.body, { spec: { gracefulShutdown: true } });
    assert.ok(stage.screen.getByText(/It is being shut down gracefully/));
    await choose(stage, 'End the graceful shutdown');
    await press(stage, 'End the graceful shutdown');
    assert.deepEqual(stage.http.last('PATCH /bgppeers/tor-1')?.body, { spec: { gracefulShutdown: false } });
    await stage.close();
  });

  test('is shut down gracefully from the list, too, where the API says whether it is already', async () => {
    const stage = await play(peerList);
    const offered = async (name: string): Promise<string | null | undefined> => {
      await press(stage, `Actions for ${name}`);
      return stage.screen.getAllByRole('menuitem')[0]?.textContent;
    };
    assert.equal(await offered('tor-3'), 'End the graceful shutdown');
    await choose(stage, 'Shut down gracefully');
    await press(stage, 'Shut down gracefully');
    assert.deepEqual(stage.http.last('PATCH /bgppeers/tor-1')?.body, { spec: { gracefulShutdown: true } });
    await stage.close();
  });

  test('leads back to the list when it was deleted', async () => {
    const stage = await play(peerDetail);
    await choose(stage, 'Delete');
    assert.deepEqual(stage.http.last('POST /simulations')?.body, { peers: [{ name: 'tor-1', delete: true }] });
    await press(stage, 'Delete');
    assert.equal(stage.where(), '/clusters/host/porterlb.peers');
    await stage.close();
  });

  test('says what to configure on a router of another make', async () => {
    const stage = await play(peerDetail);
    await type(stage, 'Router', 'Juniper Junos');
    const code = stage.screen.getAllByRole('region', { name: 'What to configure on the router' }).at(-1);
    assert.match(code?.textContent ?? '', /set protocols bgp group cluster neighbor 192\.0\.2\.12\n/);
    assert.ok(stage.screen.getByText(/No test of ours runs this router/));
    await stage.close();
  });
});

suite('what to configure on the router', () => {
  const snippet = ({ screen }: Stage): string =>
    screen.getAllByRole('region', { name: 'What to configure on the router' })[0]?.textContent ?? '';

  test('has the TTL that this peer asks for', async () => {
    const object = peerDetail.answers['GET /bgppeers/tor-1'] as { readonly spec: object };
    for (const [ttlSecurity, wanted] of [
      [{ enabled: true, hops: 2 }, /ttl-security hops 2/],
      [{ enabled: true }, /ttl-security hops 1/],
      [{ enabled: false, hops: 2 }, /^((?!ttl-security).)*$/s],
    ] as const) {
      const secured = { ...object, spec: { ...object.spec, ttlSecurity } };
      const stage = await play({ ...peerDetail, answers: { ...peerDetail.answers, 'GET /bgppeers/tor-1': secured } });
      assert.match(snippet(stage), wanted);
      await stage.close();
    }
  });

  test('says how many nodes it does not name', async () => {
    const nodes = peerDetail.answers['GET /nodes'] as object;
    const many = { ...nodes, totalItems: 140 };
    const stage = await play({ ...peerDetail, answers: { ...peerDetail.answers, 'GET /nodes': many } });
    assert.match(snippet(stage), /138 more nodes/);
    await stage.close();
  });
});

suite('the form of a BGP peer', () => {
  test('has a new one judged, simulated and stored', async () => {
    const stage = await play(peerCreation);
    await type(stage, 'Name', 'tor-1');
    await type(stage, 'Address', '192.0.2.1');
    await type(stage, 'AS number', '65000');
    for (const label of ['BFD', 'Own node as next hop'])
      await stage.act(() => fireEvent.click(stage.screen.getByLabelText(label)));
    await press(stage, 'Review');
    assert.equal(stage.http.last('POST /bgppeers')?.query['dryRun'], 'All');
    assert.match(JSON.stringify(stage.http.last('POST /simulations')?.body), /"peers":\[{"name":"tor-1","spec"/);
    await press(stage, 'Save');
    assert.deepEqual(stage.http.last('POST /bgppeers')?.body, {
      ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpPeer', metadata: { name: 'tor-1' } },
      spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 65000 }, bfd: { enabled: true }, nextHopSelf: true },
    });
    assert.equal(stage.where(), '/clusters/host/porterlb.peers');
    await stage.close();
  });

  test('says what is wrong at the field that it concerns', async () => {
    const causes = [{ field: 'spec.timers.config.holdTime', message: 'must be 3 at least' }];
    const refused = refusal(422, 'Invalid', 'BgpPeer "tor-1" is invalid', causes);
    const stage = await play({ ...peerEditing, answers: { ...peerEditing.answers, 'PUT /bgppeers/tor-1': refused } });
    await type(stage, 'Hold time', '1');
    await press(stage, 'Review');
    const field = stage.screen.getByLabelText('Hold time');
    assert.equal(
      document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent,
      'must be 3 at least',
    );
    await stage.close();
  });
});
