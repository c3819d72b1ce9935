import React, { useState, type ReactElement, type ReactNode } from 'react';
import { Modal, notify } from '@kubed/components';
import { asFailure, type Failure } from '../api/failure.ts';
import { text } from '../texts/texts.ts';
import { Notice } from './Notice.tsx';
import { failureText } from './PageState.tsx';

interface Props {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  readonly dangerous?: boolean;
  /** Nothing is known yet, or there is nothing to do. */
  readonly notYet?: boolean;
  readonly onConfirm: () => Promise<unknown>;
  /** What to say when it is done. */
  readonly done: string;
  /** `changed`: whether it was done. */
  readonly onClose: (changed: boolean) => void;
}

/** Asks before something is changed, does it, and says what the API server has against it. */
export function Confirm(props: Props): ReactElement {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await props.onConfirm();
      notify.success(props.done);
      props.onClose(true);
    } catch (error) {
      setBusy(false);
      setFailure(asFailure(error));
    }
  };
  return (
    <Modal
      visible
      title={props.title}
      okText={props.action}
      cancelText={text('CANCEL')}
      confirmLoading={busy}
      okButtonProps={{ color: props.dangerous === true ? 'error' : 'secondary', disabled: props.notYet === true }}
      maskClosable={false}
      onOk={() => void confirm()}
      onCancel={() => props.onClose(false)}
    >
      <div className="plb-dialog">
        {props.children}
        {failure !== undefined && <Notice level="error">{failureText(failure)}</Notice>}
      </div>
    </Modal>
  );
}
