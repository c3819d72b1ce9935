import React, { type ReactElement } from 'react';
import { CreationPage, EditingPage, type EditedPages } from '../../editor/EditorPages.tsx';
import type { FormField } from '../../editor/form-fields.tsx';
import { bgpConfDraftOf, bgpConfFieldOf, bgpConfObjectOf, NEW_BGP_CONF, type BgpConfDraft } from './bgp-conf-draft.ts';
import { BGP_CONF_NAME, bgpConsequence } from './bgp-conf-model.ts';

const MAX_AS = 4_294_967_295;

const FIELDS: readonly FormField<BgpConfDraft>[] = [
  { control: 'text', field: 'name', label: 'NAME', hint: 'BGP_NAME_HINT', fixed: 'always' },
  { control: 'number', field: 'as', label: 'BGP_AS', hint: 'BGP_AS_HINT', needed: true, min: 1, max: MAX_AS },
  { control: 'text', field: 'racks', label: 'BGP_RACKS', hint: 'BGP_RACKS_HINT', rows: 2 },
  { control: 'text', field: 'routerId', label: 'BGP_ROUTER_ID', hint: 'BGP_ROUTER_ID_HINT' },
  {
    ...{ control: 'number', field: 'listenPort', label: 'BGP_LISTEN_PORT', hint: 'BGP_LISTEN_PORT_HINT' },
    ...{ min: 0, max: 65_535 },
  },
  {
    ...{ control: 'text', field: 'listenAddresses', label: 'BGP_LISTEN_ADDRESSES', hint: 'BGP_LISTEN_ADDRESSES_HINT' },
    ...{ rows: 2, when: ({ listenPort, listenAddresses }) => listenPort !== undefined || listenAddresses !== '' },
  },
  { control: 'check', field: 'restart', label: 'BGP_RESTART', hint: 'BGP_RESTART_HINT' },
  {
    ...{ control: 'number', field: 'restartSeconds', label: 'BGP_RESTART_SECONDS', hint: 'BGP_RESTART_SECONDS_HINT' },
    ...{ min: 0, max: 4_095, when: ({ restart }) => restart },
  },
];

const BGP_CONF: EditedPages<BgpConfDraft> = {
  ...{ plural: 'bgpconfs', page: 'porterlb.bgp', title: 'BGP_CONF', create: 'BGP_CONF_CREATE', blank: NEW_BGP_CONF },
  ...{ only: { name: BGP_CONF_NAME, edit: 'BGP_CONF_EDIT' }, fields: FIELDS },
  ...{ draftOf: bgpConfDraftOf, objectOf: bgpConfObjectOf, fieldOf: bgpConfFieldOf, consequence: bgpConsequence },
};

export function BgpConfCreation(): ReactElement {
  return <CreationPage kind={BGP_CONF} />;
}

export function BgpConfEditing(): ReactElement {
  return <EditingPage kind={BGP_CONF} />;
}
