// Stand in for KubeSphere's components: the same properties, as plain elements.
import React, { type ReactElement } from 'react';
import type { Button as KubedButton, Modal as KubedModal } from '@kubed/components';

type PropsOf<C> = C extends React.ComponentType<infer P> ? P : never;

export function Button(props: PropsOf<typeof KubedButton>): ReactElement {
  const { children, disabled, type = 'button', onClick } = props;
  return (
    <button type={type} disabled={disabled} onClick={onClick} aria-label={props['aria-label']}>
      {children}
    </button>
  );
}

export function Modal(props: PropsOf<typeof KubedModal>): ReactElement | null {
  const { visible, title, description, children, okText, cancelText, confirmLoading, onOk, onCancel, footer } = props;
  if (visible !== true) return null;
  return (
    <div role="dialog" aria-label={typeof title === 'string' ? title : undefined} className="stand-in-modal">
      <h2>{title}</h2>
      {description !== undefined && <p>{description}</p>}
      {children}
      {footer ?? (
        <footer>
          <button type="button" onClick={onCancel}>
            {cancelText}
          </button>
          <button
            type="button"
            onClick={onOk}
            disabled={confirmLoading === true || props.okButtonProps?.disabled === true}
          >
            {okText}
          </button>
        </footer>
      )}
    </div>
  );
}

function say(text: string): void {
  const toast = document.createElement('div');
  toast.setAttribute('role', 'status');
  toast.textContent = text;
  document.body.append(toast);
}

export const notify = { success: say, error: say };
