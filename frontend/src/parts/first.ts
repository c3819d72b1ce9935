/** Said in the address of a form where there is no object of its kind yet. */
export const FIRST = 'first';
