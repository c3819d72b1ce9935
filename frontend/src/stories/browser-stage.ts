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

/** Opens the menu of actions that the page has, if it has one. */
async function openMenu(): Promise<boolean> {
  const button = document.querySelector<HTMLElement>('[aria-haspopup=menu]');
  if (button === null || shown === undefined) return false;
  await shown.act(() => button.click());
  return true;
}

Object.assign(globalThis, {
  IS_REACT_ACT_ENVIRONMENT: true,
  stories: { names: allStories.map(({ name }) => name), show, openMenu },
});
