import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allStories } from '../stories/all-stories.ts';
import { play } from '../testing/stage.tsx';

const needed: Readonly<Record<string, readonly string[]>> = {
  'a pool is made': ['Name', 'Addresses'],
  'a BGP peer is made': ['Name', 'Address', 'AS number'],
  'the BGP configuration is made': ['AS number'],
};

for (const [name, fields] of Object.entries(needed)) {
  test(`${name}: the form says what it can’t be without`, async () => {
    const story = allStories.find((each) => each.name === name);
    assert.ok(story !== undefined);
    const { close } = await play(story);
    const marked = [...document.querySelectorAll<HTMLInputElement>('.plb-field [required]')];
    assert.deepEqual(
      marked.map(({ labels }) => labels?.[0]?.textContent),
      fields,
    );
    assert.equal(document.querySelectorAll('.plb-needed').length, fields.length);
    await close();
  });
}
