// The types are those of React 17, so that pages can't use what it does not have; this is how tests begin with a later one.
declare module 'react-dom/client' {
  import type { ReactElement } from 'react';

  export function createRoot(container: HTMLElement): { render(element: ReactElement): void; unmount(): void };
}
