import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { play } from '../../testing/stage.tsx';
import type { Story } from '../../testing/story.ts';
import { overviewStories } from './overview.stories.ts';

const [story] = overviewStories as readonly [Story, ...Story[]];

test('what is drawn leads to its own page', async () => {
  const { screen, close } = await play(story);
  const picture = [...screen.getByRole('region', { name: 'Who announces what to whom' }).querySelectorAll('a')];
  for (const page of ['pools/office', 'peers/tor-1', 'nodes/worker-1']) {
    assert.ok(
      picture.some((link) => link.getAttribute('href') === `/clusters/host/porterlb.${page}`),
      page,
    );
  }
  await close();
});

test('how full pools are is asked of the API for those that have most in use', async () => {
  const { http, screen, close } = await play(story);
  assert.deepEqual(http.last('GET /pools')?.query, { limit: '6', sortBy: 'used', ascending: 'false' });
  const card = screen.getByRole('region', { name: 'Addresses in use, by pool' });
  assert.deepEqual(
    [...card.querySelectorAll('a')].map((link) => link.getAttribute('href')),
    ['/clusters/host/porterlb.pools/office', '/clusters/host/porterlb.pools/six'],
  );
  await close();
});

suite('first steps', () => {
  const found = overviewStories.find(({ name }) => name === 'overview of an empty cluster');
  assert.ok(found !== undefined);
  const linksOf = async (may: readonly string[], from = found): Promise<(string | null)[]> => {
    const { screen, close } = await play({ ...from, may });
    const links = screen.getByRole('region', { name: 'First steps' }).querySelectorAll('a');
    const told = [...links].map((link) => `${link.textContent}: ${link.getAttribute('href')?.split('/host/')[1]}`);
    await close();
    return told;
  };

  test('name what is in the way, and say how much more there is', async () => {
    const { screen, close } = await play(found);
    const [passed, failed] = screen.getByRole('region', { name: 'First steps' }).querySelectorAll('.plb-checks li');
    assert.match(failed?.textContent ?? '', /without strictARP\.worker-1, worker-2, and 3 more/);
    assert.doesNotMatch(passed?.textContent ?? '', /worker/);
    await close();
  });

  test('lead to the forms who may use them', async () => {
    assert.deepEqual(await linksOf(['view', 'manage']), [
      'Create a pool: porterlb.pools/~new?first',
      'Create the BGP configuration: porterlb.bgp/~new?first',
      'Create a BGP peer: porterlb.peers/~new?first',
      'Services: porterlb.services',
    ]);
  });

  test('lead others to the pages', async () => {
    assert.deepEqual(await linksOf(['view']), [
      'Address Pools: porterlb.pools',
      'BGP Configuration: porterlb.bgp',
      'BGP Peers: porterlb.peers',
      'Services: porterlb.services',
    ]);
  });

  test('lead to a router that has no session, not to another one', async () => {
    const begun = overviewStories.find(({ name }) => name.endsWith('whose router has no session yet'));
    assert.ok(begun !== undefined);
    assert.ok((await linksOf(['view', 'manage'], begun)).includes('BGP Peers: porterlb.peers'));
  });

  test('do not keep anybody from seeing that Services wait', async () => {
    const get = found.answers['GET /overview'] as { readonly counts: object };
    const waiting = {
      ...get,
      health: 'bad',
      counts: { ...get.counts, services: { served: 2, withAddress: 0, announced: 0 } },
    };
    const { screen, close } = await play({ ...found, answers: { ...found.answers, 'GET /overview': waiting } });
    screen.getByText('Some Services can’t be reached.');
    screen.getByRole('region', { name: 'First steps' });
    await close();
  });
});
