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
  test(`${name}: the form says what it can’t be without, and what the mark of that means`, async () => {
    const story = allStories.find((each) => each.name === name);
    assert.ok(story !== undefined);
    const { close } = await play(story);
    const marked = [...document.querySelectorAll<HTMLInputElement>('.plb-field [required]')];
    assert.deepEqual(
      marked.map(({ labels }) => labels?.[0]?.textContent),
      fields,
    );
    assert.equal(document.querySelectorAll('.plb-needed').length, fields.length);
    // Before the first field, as nobody looks for it below the last.
    assert.equal(document.querySelector('.plb-fields')?.firstElementChild?.textContent, '* must be filled in');
    await close();
  });
}
