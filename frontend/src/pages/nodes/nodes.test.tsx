import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fireEvent } from '@testing-library/dom';
import { POLL_MS } from '../../live/follow.ts';
import { play } from '../../testing/stage.tsx';
import { nodeDetail, nodeList, replicas, worker } from './node.stories.ts';

suite('the list of nodes', () => {
  test('searches and orders on the server', async () => {
    const stage = await play(nodeList);
    const { screen, act, http, clock } = stage;
    await act(() => fireEvent.click(screen.getByRole('button', { name: /Probe result/ })));
    assert.equal(http.sent.at(-1)?.query['sortBy'], 'verdict');
    const search = screen.getByRole('searchbox', { name: 'Search by name' });
    await act(() => fireEvent.change(search, { target: { value: 'worker' } }));
    await act(() => clock.pass(300));
    assert.equal(http.sent.at(-1)?.query['name'], 'worker');
    await stage.close();
  });

  test('leads to one node', async () => {
    const stage = await play(nodeList);
    await stage.act(() => fireEvent.click(stage.screen.getByRole('link', { name: 'worker-1' })));
    assert.equal(stage.where(), '/clusters/host/porterlb.nodes/worker-1');
    assert.ok(stage.screen.getByRole('region', { name: 'What each replica finds' }));
    await stage.close();
  });
});

const SIMULATED = { loses: 0, unknown: 0, moves: 0, gains: 0, keeps: 3, changes: [], replicas: [] };

suite('one node', () => {
  test('leads back to the list', async () => {
    const stage = await play({ ...nodeDetail, answers: { ...nodeList.answers, ...nodeDetail.answers } });
    await stage.act(() => fireEvent.click(stage.screen.getByRole('link', { name: 'Nodes' })));
    assert.equal(stage.where(), '/clusters/host/porterlb.nodes');
    assert.ok(stage.screen.getByRole('heading', { name: 'Nodes' }));
    await stage.close();
  });

  test('is simulated to go when somebody asks, as often as they ask, and nothing is changed by that', async () => {
    const stage = await play(nodeDetail);
    const { screen, act, http } = stage;
    const drain = screen.getByRole('region', { name: 'If it went' });
    assert.equal(http.last('POST /simulations'), undefined);
    await act(() => fireEvent.click(screen.getByRole('button', { name: 'Find out' })));
    assert.deepEqual(http.last('POST /simulations')?.body, { drainNodes: ['worker-1'] });
    assert.match(drain.textContent, /Move to other nodes or peers: 1.*192\.0\.2\.31 \(shop\/api\)/);
    http.change({ 'POST /simulations': SIMULATED });
    await act(() => fireEvent.click(screen.getByRole('button', { name: 'Find out again' })));
    assert.match(drain.textContent, /Nobody would be affected: 3/);
    const silent = { name: 'm-1', node: 'n2', answered: false, problem: 'no answer' };
    http.change({ 'POST /simulations': { ...SIMULATED, unknown: 2, replicas: [silent] } });
    await act(() => fireEvent.click(screen.getByRole('button', { name: 'Find out again' })));
    assert.match(drain.textContent, /Not known, as a replica did not answer: 2.*m-1 \(no answer\)/);
    const methods = new Set(http.sent.map(({ what }) => what));
    assert.deepEqual([...methods], ['GET /nodes', 'POST /simulations']);
    await stage.close();
  });

  test('that goes is gone from its page too', async () => {
    const stage = await play(nodeDetail);
    stage.http.change({ 'GET /nodes': { items: [], totalItems: 0, replicas } });
    await stage.act(() => stage.clock.pass(POLL_MS));
    assert.ok(stage.screen.getByText('There is no node worker-1.'));
    stage.http.change({ 'GET /nodes': { items: [worker], totalItems: 1, replicas } });
    await stage.act(() => fireEvent.click(stage.screen.getByRole('button', { name: 'Try again' })));
    assert.ok(stage.screen.getByRole('region', { name: 'If it went' }));
    await stage.close();
  });
});
