import React, { useState, type ReactElement, type ReactNode } from 'react';
import { Link, useNavigate } from 'react-router-dom';
import { useCluster, useMayManage } from '../live/surroundings.tsx';
import type { Live } from '../live/use-live.ts';
import { text, type TextKey } from '../texts/texts.ts';
import { ActionMenu } from './ActionMenu.tsx';
import { actionsOf, ObjectChangeDialog, type Way } from './ObjectChange.tsx';
import { Page } from './Page.tsx';
import { PageState } from './PageState.tsx';

interface Props<T> {
  readonly name: string;
  /** Name and title of the page with the list that it is one entry of. */
  readonly list: { readonly page: string; readonly title: TextKey };
  readonly live: Live<T>;
  /** What can be done with it as it is. */
  readonly ways: (object: T) => readonly Way[];
  /** It was changed from here: what else is shown of it is to be asked for again. */
  readonly onChanged?: () => void;
  readonly children: (object: T) => ReactNode;
}

/** One object that has a form and can be changed: its page's frame. */
export function ObjectPage<T extends { readonly deleting: boolean }>({
  name,
  list,
  live,
  ways,
  onChanged,
  children,
}: Props<T>): ReactElement {
  const to = `/clusters/${useCluster()}/${list.page}`;
  const navigate = useNavigate();
  const mayManage = useMayManage();
  const [chosen, setChosen] = useState<Way>();
  const object = live.answer;
  const onClose = (changed: boolean): void => {
    setChosen(undefined);
    if (!changed) return;
    if (chosen?.removes === true) return navigate(to);
    live.refresh();
    onChanged?.();
  };
  // What is on its way out can't be changed any more.
  const tools = mayManage && object !== undefined && !object.deleting && (
    <>
      <Link className="plb-button" to="edit">
        {text('EDIT')}
      </Link>
      <ActionMenu label={text('ACTIONS_OF', { name })} actions={actionsOf(ways(object), setChosen)} />
    </>
  );
  return (
    <Page title={name} back={{ to, label: text(list.title) }} tools={tools || undefined}>
      <PageState live={live}>{children}</PageState>
      {chosen !== undefined && <ObjectChangeDialog change={{ way: chosen, name }} onClose={onClose} />}
    </Page>
  );
}
