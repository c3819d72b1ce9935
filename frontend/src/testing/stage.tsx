import React from 'react';
import ReactDOM from 'react-dom';
import { within, type BoundFunctions, type queries } from '@testing-library/dom';
import * as testUtils from 'react-dom/test-utils';
import { createMemoryRouter, RouterProvider } from 'react-router-dom';
import { SurroundingsProvider } from '../live/surroundings.tsx';
import { CLUSTER_PAGES, WORKSPACE_PAGES } from '../shell/pages.tsx';
import { routesOf } from '../shell/routes.ts';
import { registered } from './console-routes.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeHttp } from './fake-http.ts';
import { installTexts } from './fake-texts.ts';
import { grant } from './stand-ins/console-shared.ts';
import type { Story } from './story.ts';

type Act = typeof testUtils.act;
const act = (React as { readonly act?: Act }).act ?? testUtils.act;

interface Root {
  render(element: React.ReactElement): void;
  unmount(): void;
}

/** React 18's way where it is there, else the older one. */
async function rootIn(container: HTMLElement): Promise<Root> {
  if (React.version.startsWith('17.')) {
    return {
      render: (element) => void ReactDOM.render(element, container),
      unmount: () => void ReactDOM.unmountComponentAtNode(container),
    };
  }
  const { createRoot } = await import('react-dom/client');
  return createRoot(container);
}

/** A page as a console shows it, with a cluster behind it that answers as the story says. */
export interface Stage {
  readonly http: FakeHttp;
  readonly clock: FakeClock;
  readonly screen: BoundFunctions<typeof queries>;
  readonly where: () => string;
  /** To another page, as links lead there. */
  readonly go: (to: string) => Promise<void>;
  /** Does something, and waits until the page has drawn what follows of it. */
  readonly act: (work: () => void) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function play({ at, answers, may = ['view'] }: Story): Promise<Stage> {
  installTexts();
  grant(...may);
  const container = document.createElement('div');
  document.body.replaceChildren(container);
  const http = new FakeHttp(answers);
  const clock = new FakeClock();
  const pages = { cluster: CLUSTER_PAGES, workspace: WORKSPACE_PAGES };
  // Consoles up to 4.1 have React 17.
  const routes = registered(routesOf(pages), React.version.startsWith('17.') ? '4.1' : 'later');
  const router = createMemoryRouter(routes, { initialEntries: [at.startsWith('/') ? at : `/clusters/host/${at}`] });
  const root = await rootIn(container);
  const settle = async (work: () => void): Promise<void> => {
    await act(async () => {
      work();
      // Answers come by promises of promises.
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    });
  };
  await settle(() =>
    root.render(
      <SurroundingsProvider value={{ http, clock }}>
        <RouterProvider router={router} />
      </SurroundingsProvider>,
    ),
  );
  return {
    ...{ http, clock, act: settle, screen: within(document.body) },
    go: async (to) => await settle(() => void router.navigate(to)),
    where: () => router.state.location.pathname + router.state.location.search,
    close: async () => await settle(() => root.unmount()),
  };
}
