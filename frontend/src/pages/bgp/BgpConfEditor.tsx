import React, { type ReactElement } from 'react';
import { CheckField, NumberField, TextField } from '../../editor/fields.tsx';
import { ObjectEditor, type EditedKind, type FormProps } from '../../editor/ObjectEditor.tsx';
import { useObject } from '../../editor/use-object.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { text } from '../../texts/texts.ts';
import { bgpConfDraftOf, bgpConfFieldOf, bgpConfObjectOf, NEW_BGP_CONF, type BgpConfDraft } from './bgp-conf-draft.ts';
import { BGP_CONF_NAME, bgpConsequence } from './bgp-conf-model.ts';

const BGP_CONF: EditedKind<BgpConfDraft> = {
  plural: 'bgpconfs',
  draftOf: bgpConfDraftOf,
  objectOf: bgpConfObjectOf,
  fieldOf: bgpConfFieldOf,
  consequence: bgpConsequence,
  form: (props) => <BgpConfForm {...props} />,
};

function usePlace(): string {
  return `/clusters/${useCluster()}/porterlb.bgp`;
}

export function BgpConfCreation(): ReactElement {
  const back = usePlace();
  return (
    <Page title={text('BGP_CONF_CREATE')} back={{ to: back, label: text('BGP_CONF') }}>
      <ObjectEditor kind={BGP_CONF} base={NEW_BGP_CONF} exists={false} back={back} />
    </Page>
  );
}

export function BgpConfEditing(): ReactElement {
  const found = useObject('bgpconfs', BGP_CONF_NAME);
  const back = usePlace();
  return (
    <Page title={text('BGP_CONF_EDIT')} back={{ to: back, label: text('BGP_CONF') }}>
      <PageState live={found}>
        {(base) => (
          <ObjectEditor
            key={base.metadata.resourceVersion}
            kind={BGP_CONF}
            base={base}
            exists
            back={back}
            onReload={found.refresh}
          />
        )}
      </PageState>
    </Page>
  );
}

function BgpConfForm({ draft, onChange, errors }: FormProps<BgpConfDraft>): ReactElement {
  const set = (change: Partial<BgpConfDraft>): void => onChange({ ...draft, ...change });
  return (
    <>
      <TextField
        label={text('NAME')}
        hint={text('BGP_NAME_HINT')}
        value={draft.name}
        disabled
        error={errors['name']}
        onChange={() => undefined}
      />
      <NumberField
        label={text('BGP_AS')}
        hint={text('BGP_AS_HINT')}
        min={1}
        max={4_294_967_295}
        value={draft.as}
        error={errors['as']}
        onChange={(as) => set({ as })}
      />
      <TextField
        label={text('BGP_RACKS')}
        hint={text('BGP_RACKS_HINT')}
        rows={2}
        value={draft.racks}
        error={errors['racks']}
        onChange={(racks) => set({ racks })}
      />
      <TextField
        label={text('BGP_ROUTER_ID')}
        hint={text('BGP_ROUTER_ID_HINT')}
        value={draft.routerId}
        error={errors['routerId']}
        onChange={(routerId) => set({ routerId })}
      />
      <Listening draft={draft} set={set} errors={errors} />
      <Restart draft={draft} set={set} errors={errors} />
    </>
  );
}

interface PartProps {
  readonly draft: BgpConfDraft;
  readonly set: (change: Partial<BgpConfDraft>) => void;
  readonly errors: Readonly<Record<string, string>>;
}

function Listening({ draft: { listenPort, listenAddresses }, set, errors }: PartProps): ReactElement {
  return (
    <>
      <NumberField
        label={text('BGP_LISTEN_PORT')}
        hint={text('BGP_LISTEN_PORT_HINT')}
        min={0}
        max={65_535}
        value={listenPort}
        error={errors['listenPort']}
        onChange={(port) => set({ listenPort: port })}
      />
      {(listenPort !== undefined || listenAddresses !== '') && (
        <TextField
          label={text('BGP_LISTEN_ADDRESSES')}
          hint={text('BGP_LISTEN_ADDRESSES_HINT')}
          rows={2}
          value={listenAddresses}
          error={errors['listenAddresses']}
          onChange={(addresses) => set({ listenAddresses: addresses })}
        />
      )}
    </>
  );
}

function Restart({ draft: { restart, restartSeconds }, set, errors }: PartProps): ReactElement {
  return (
    <>
      <CheckField
        label={text('BGP_RESTART')}
        hint={text('BGP_RESTART_HINT')}
        checked={restart}
        onChange={(checked) => set({ restart: checked })}
      />
      {restart && (
        <NumberField
          label={text('BGP_RESTART_SECONDS')}
          hint={text('BGP_RESTART_SECONDS_HINT')}
          min={0}
          max={4_095}
          value={restartSeconds}
          error={errors['restartSeconds']}
          onChange={(seconds) => set({ restartSeconds: seconds })}
        />
      )}
    </>
  );
}
