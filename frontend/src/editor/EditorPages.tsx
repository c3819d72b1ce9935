import React, { type ReactElement } from 'react';
import { useParams } from 'react-router-dom';
import type { KubernetesObject } from '../api/objects.ts';
import { useCluster } from '../live/surroundings.tsx';
import { Page } from '../parts/Page.tsx';
import { PageState } from '../parts/PageState.tsx';
import { text, type TextKey } from '../texts/texts.ts';
import { FormFields, missingFields, shownFields, type FormField } from './form-fields.tsx';
import type { EditedKind } from './edited-kind.ts';
import { ObjectEditor } from './ObjectEditor.tsx';
import { useObject } from './use-object.ts';

/** A kind with the pages on which objects of it are made and changed. */
export interface EditedPages<Draft> extends Omit<EditedKind<Draft>, 'form' | 'shown' | 'missing'> {
  /** Name and title of the page that they lie below. */
  readonly page: string;
  readonly title: TextKey;
  readonly create: TextKey;
  /** What a new one begins with. */
  readonly blank: KubernetesObject;
  /** There is one object only, of that name, and `page` shows it. */
  readonly only?: { readonly name: string; readonly edit: TextKey };
  readonly fields: readonly FormField<Draft>[];
}

export function CreationPage<Draft>({ kind }: { readonly kind: EditedPages<Draft> }): ReactElement {
  const back = `/clusters/${useCluster()}/${kind.page}`;
  return (
    <Page title={text(kind.create)} back={{ to: back, label: text(kind.title) }}>
      <ObjectEditor kind={withForm(kind)} base={kind.blank} exists={false} back={back} />
    </Page>
  );
}

export function EditingPage<Draft>({ kind }: { readonly kind: EditedPages<Draft> }): ReactElement {
  const named = useParams()['name'] ?? '';
  const list = `/clusters/${useCluster()}/${kind.page}`;
  const { name, title, back } =
    kind.only === undefined
      ? {
          ...{ name: named, title: text('OF_OBJECT', { action: text('EDIT'), name: named }) },
          back: { to: `${list}/${named}`, label: named },
        }
      : { name: kind.only.name, title: text(kind.only.edit), back: { to: list, label: text(kind.title) } };
  const found = useObject(kind.plural, name);
  return (
    <Page title={title} back={back}>
      <PageState live={found}>
        {(base) => <ObjectEditor key={name} kind={withForm(kind)} base={base} exists back={back.to} />}
      </PageState>
    </Page>
  );
}

function withForm<Draft>(kind: EditedPages<Draft>): EditedKind<Draft> {
  return {
    ...kind,
    shown: (draft) => shownFields(kind.fields, draft).map(({ field }) => field),
    missing: (draft) => missingFields(kind.fields, draft),
    form: (props) => <FormFields fields={kind.fields} {...props} />,
  };
}
