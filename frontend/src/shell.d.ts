// What the console gives its extensions, as far as these pages use it. Written by hand, from what 4.1 and later have in common, so that
// none of the console's packages is needed to build or to test.

/** Set by the console's page before any extension is loaded. */
declare const globals: {
  readonly user?: { readonly username?: string };
  readonly ksConfig?: { readonly ksVersion?: string };
};

/** Of these pages; the build writes it in. */
declare const PORTERLB_VERSION: string;
/** CSS of these pages; the build writes it in. */
declare const PORTERLB_STYLE: string;
/** The texts of `locales/<language>/console.json`, a line each: key, English, Chinese between tabs; the build writes them in. */
declare const PORTERLB_TEXTS: string;

/**
 * The console's own translation function (i18next): keys of every extension lie in one table. What is filled in is escaped as for HTML, unless told
 * otherwise.
 */
declare function t(
  key: string,
  params?: Readonly<Record<string, string | number | { readonly escapeValue: boolean }>>,
): string;

declare module '@ks-console/shared' {
  interface Asked {
    readonly cluster?: string;
    readonly workspace?: string;
    readonly project?: string;
    readonly module: string;
    readonly action: string;
  }
  /** Whether the roles of who is signed in have a RoleTemplate that names the module and the action. */
  export function hasPermission(asked: Asked): boolean;
}

declare module '@kubed/components' {
  import type { ComponentType, ReactNode, MouseEvent } from 'react';

  interface ButtonProps {
    readonly children?: ReactNode;
    readonly color?: 'default' | 'primary' | 'secondary' | 'success' | 'warning' | 'error';
    readonly variant?: 'filled' | 'outline' | 'text' | 'link';
    readonly size?: 'xs' | 'sm' | 'md' | 'lg' | 'xl';
    readonly disabled?: boolean;
    readonly loading?: boolean;
    readonly type?: 'button' | 'submit';
    readonly className?: string;
    readonly 'aria-label'?: string;
    readonly onClick?: (event: MouseEvent<HTMLElement>) => void;
  }
  export const Button: ComponentType<ButtonProps>;

  interface ModalProps {
    readonly visible?: boolean;
    readonly title?: ReactNode;
    readonly description?: ReactNode;
    readonly children?: ReactNode;
    readonly width?: number;
    readonly okText?: ReactNode;
    readonly cancelText?: ReactNode;
    readonly confirmLoading?: boolean;
    readonly okButtonProps?: ButtonProps;
    readonly maskClosable?: boolean;
    readonly footer?: ReactNode;
    readonly onOk?: () => void;
    readonly onCancel?: () => void;
  }
  export const Modal: ComponentType<ModalProps>;

  export const notify: { success(text: string): unknown; error(text: string): unknown };
}
