/** Edges of a box, in the window. */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly right: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const GAP = 2;

/** Where the menu of a button is seen whole: below it, or above it where there is no room, its right edge at the button's. */
export function menuPlace(button: Box, menu: Size, window: Size): { readonly left: number; readonly top: number } {
  const below = button.bottom + GAP;
  const above = button.top - GAP - menu.height;
  const isRoomBelow = below + menu.height <= window.height;
  return { left: Math.max(0, button.right - menu.width), top: isRoomBelow || above < 0 ? below : above };
}
