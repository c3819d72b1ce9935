// What a browser loads to be shown the stories one by one, as `globalThis.stories`.
import { play, type Stage } from '../testing/stage.tsx';
import { allStories } from './all-stories.ts';

let shown: Stage | undefined;

/** Shows one story in place of the one before; returns when its page is drawn. */
async function show(name: string): Promise<void> {
  await shown?.close();
  shown = undefined;
  const story = allStories.find((each) => each.name === name);
  if (story === undefined) throw new Error(`no story is called ${name}`);
  shown = await play(story);
}

/** Clicks the first element of that selector, if there is one. */
async function click(selector: string): Promise<boolean> {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null || shown === undefined) return false;
  await shown.act(() => element.click());
  return true;
}

Object.assign(globalThis, {
  IS_REACT_ACT_ENVIRONMENT: true,
  stories: { names: allStories.map(({ name }) => name), show, click },
});
