import React, { useMemo, useState, type ReactElement } from 'react';
import type { KubernetesObject } from '../../api/objects.ts';
import { ServiceStore, type ServiceName } from '../../api/services.ts';
import { TextField } from '../../editor/fields.tsx';
import { useCluster, useHttp } from '../../live/surroundings.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { Loading, failureText } from '../../parts/PageState.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { text } from '../../texts/texts.ts';
import { wishOf, wishPatch, type Wish } from './service-wish.ts';

interface Props {
  readonly service: ServiceName;
  readonly onClose: (changed: boolean) => void;
}

/** Which pool and which address a Service asks for: written to the Service itself, with the rights of who is signed in. */
export function ServiceWishDialog({ service: { namespace, name }, onClose }: Props): ReactElement {
  const [http, cluster] = [useHttp(), useCluster()];
  const store = useMemo(() => new ServiceStore({ http }, { cluster }), [http, cluster]);
  const found = useAnswer(useMemo(() => () => store.get({ namespace, name }), [store, namespace, name]));
  const [typed, setTyped] = useState<Wish>();
  const object = found.answer;
  const patch = typed === undefined || object === undefined ? undefined : wishPatch(typed, object);
  const save = async (): Promise<void> => {
    if (patch !== undefined) await store.patch({ namespace, name }, patch);
  };
  return (
    <Confirm
      title={text('OF_OBJECT', { action: text('SERVICE_WISH'), name: `${namespace}/${name}` })}
      action={text('SAVE')}
      notYet={patch === undefined}
      onConfirm={save}
      done={text('SAVED', { name: `${namespace}/${name}` })}
      onClose={onClose}
    >
      {object === undefined && found.failure === undefined && <Loading />}
      {found.failure !== undefined && <Notice level="error">{failureText(found.failure)}</Notice>}
      {object !== undefined && <WishForm object={object} typed={typed} onType={setTyped} />}
    </Confirm>
  );
}

interface FormProps {
  readonly object: KubernetesObject;
  /** Undefined: nothing yet. */
  readonly typed: Wish | undefined;
  readonly onType: (wish: Wish) => void;
}

function WishForm({ object, typed, onType }: FormProps): ReactElement {
  const wish = typed ?? wishOf(object);
  return (
    <div className="plb-fields">
      <p>{text('SERVICE_WISH_ABOUT')}</p>
      <TextField
        label={text('POOLS')}
        hint={text('SERVICE_WISH_POOLS_HINT')}
        value={wish.pools}
        onChange={(pools) => onType({ ...wish, pools })}
      />
      <TextField
        label={text('ADDRESSES')}
        hint={text('SERVICE_WISH_IPS_HINT')}
        value={wish.ips}
        onChange={(ips) => onType({ ...wish, ips })}
      />
    </div>
  );
}
